"""A webhook receiver that can leave its clients without an answer."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lab.listening import listen

HELD_S = 300


@dataclass
class Receiver:
    """Where it listens, and how often it was asked about each task."""

    url: str
    asked: Counter[str] = field(default_factory=Counter)
    delay_s: float = 0.0  # how long every answer takes
    _answers: threading.Event = field(default_factory=threading.Event)

    def hold(self) -> None:
        """Let all clients wait until `release`."""
        self._answers.clear()

    def release(self) -> None:
        """Answer all clients at once, also those that wait."""
        self._answers.set()

    def take(self, task_id: str) -> None:
        """Count a request, and wait until it may be answered."""
        self.asked[task_id] += 1
        time.sleep(self.delay_s)
        self._answers.wait(HELD_S)


@contextmanager
def receive_webhooks() -> Iterator[Receiver]:
    """Listen on a free port of 127.0.0.1."""

    def answer(
        path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        receiver.take(json.loads(body)["task_id"])
        return 200, {}, b""

    with listen(answer) as url:
        receiver = Receiver(f"{url}/webhooks")
        receiver.release()
        try:
            yield receiver
        finally:
            receiver.release()
