"""A webhook receiver that can leave its clients without an answer."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lab.processes.ports import HOST

HELD_S = 300


@dataclass
class Receiver:
    """Where it listens, and how often it was asked about each task."""

    url: str
    asked: Counter[str] = field(default_factory=Counter)
    delay_s: float = 0.0  # how long every answer takes
    _answers: threading.Event = field(default_factory=threading.Event)

    def hold(self) -> None:
        """Answer nobody until `release`."""
        self._answers.clear()

    def release(self) -> None:
        """Answer everybody at once, also those who are held."""
        self._answers.set()

    def take(self, task_id: str) -> None:
        """Count a request, and wait while clients are held."""
        self.asked[task_id] += 1
        time.sleep(self.delay_s)
        self._answers.wait(HELD_S)


@contextmanager
def receive_webhooks() -> Iterator[Receiver]:
    """Listen on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.take(json.loads(body)["task_id"])
            with suppress(OSError):  # who waited may have gone
                self.send_response(204)
                self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet: it is counted, not read."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # five, the default, would make the sixth client wait a second
        daemon_threads = True

    server = Server((HOST, 0), Handler)
    receiver = Receiver(f"http://{HOST}:{server.server_port}/webhooks")
    receiver.release()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.release()
        server.shutdown()
        server.server_close()
        thread.join()
