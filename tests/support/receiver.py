"""A local HTTP server that keeps what it is sent, and can be told to fail, hang and recover."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lab.listening import listen

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

    def about(self, task_id: str) -> list[Received]:
        """Return what has arrived with this id in its body."""
        return [request for request in self.received if task_id.encode() in request.body]

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

    def release(self) -> None:
        """Answer everybody who is held."""
        for held in self._held.values():
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

    def answer(
        path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        return receiver.answer(Received(path, headers, body))

    with listen(answer) as url:
        receiver = Receiver(url)
        try:
            yield receiver
        finally:
            receiver.release()
