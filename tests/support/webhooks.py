"""A local HTTP server that keeps each webhook it is sent."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HELD_S = 30


@dataclass(frozen=True)
class Webhook:
    """One request as it arrived."""

    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)


@dataclass
class WebhookReceiver:
    """Where it listens and what arrived so far."""

    url: str
    received: list[Webhook] = field(default_factory=list)
    waits: list[int] = field(
        default_factory=list
    )  # the next ones get a 429, and are to wait so long
    _answers: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._answers.set()

    def about(self, task_id: str) -> list[Webhook]:
        return [webhook for webhook in self.received if task_id.encode() in webhook.body]

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Answer nobody until the end of this block: whoever processes a picture has to wait."""
        self._answers.clear()
        try:
            yield
        finally:
            self._answers.set()

    def take(self, webhook: Webhook) -> None:
        self.received.append(webhook)
        self._answers.wait(HELD_S)


@contextmanager
def receive_webhooks() -> Iterator[WebhookReceiver]:
    """Listen on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.take(Webhook(headers, body))
            with suppress(OSError):  # who waited may have been killed
                if receiver.waits:
                    self.send_response(429)
                    self.send_header("Retry-After", str(receiver.waits.pop()))
                else:
                    self.send_response(204)
                self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet; the requests are asserted, not read."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = WebhookReceiver(f"http://127.0.0.1:{server.server_port}/webhooks")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
