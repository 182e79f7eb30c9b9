"""A local HTTP server that keeps what it is sent, and can be told to fail, hang and recover."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HELD_S = 30


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)


@dataclass
class Receiver:
    """Where it listens, what arrived so far, and what it answers; a path stands for a service."""

    url: str
    received: list[Received] = field(default_factory=list)
    _failures: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    _bodies: dict[str, bytes] = field(default_factory=dict)
    _held: dict[str, threading.Event] = field(default_factory=dict)

    def on(self, path: str) -> list[Received]:
        """Return what has arrived at this path, the oldest first."""
        return [request for request in self.received if request.path == path]

    def serve(self, path: str, body: bytes) -> None:
        """Answer with this body from now on."""
        self._bodies[path] = body

    def fail(self, path: str, code: int, times: int, **headers: str) -> None:
        """Answer the next requests with `code`, and then as usual."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._failures[path] = [(code, named)] * times

    @contextmanager
    def holding(self, path: str) -> Iterator[None]:
        """Answer nobody on this path until the end of the block."""
        held = self._held[path] = threading.Event()
        try:
            yield
        finally:
            del self._held[path]
            held.set()

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        """Keep a request; return the status, the headers and the body of its answer."""
        self.received.append(request)
        if held := self._held.get(request.path):
            held.wait(HELD_S)
        if failures := self._failures.get(request.path):
            return *failures.pop(), b""
        return 200, {}, self._bodies.get(request.path, b"{}")


@contextmanager
def receive() -> Iterator[Receiver]:
    """Listen on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            code, named, answer = receiver.answer(Received(self.path, headers, body))
            with suppress(OSError):  # who waited may have gone
                self.send_response(code)
                self.send_header("Content-Length", str(len(answer)))
                for name, value in named.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

        def do_GET(self) -> None:
            self.do_POST()

        def do_PUT(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet; the requests are asserted, not read."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        for held in receiver._held.values():
            held.set()
        server.shutdown()
        server.server_close()
        thread.join()
