"""An HTTP server in a thread, in place of a service that the apps call."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lab.processes.ports import HOST

# Is given path, headers (names in small letters) and body; returns status, headers and body.
Answer = Callable[[str, dict[str, str], bytes], tuple[int, Mapping[str, str], bytes]]


@contextmanager
def listen(answer: Answer) -> Iterator[str]:
    """Answer on a free port of 127.0.0.1 until the end of the block; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told = {name.lower(): value for name, value in self.headers.items()}
            code, headers, content = answer(self.path, told, body)
            with suppress(OSError):  # the client may have gone
                self.send_response(code)
                self.send_header("Content-Length", str(len(content)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_PUT = do_POST  # noqa: N815 - the names that the server looks for

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing of a request."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # five, the default, would make the sixth client wait a second
        daemon_threads = True

    with Server((HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
