"""A trial that can be watched: it tells of each request, and waits before the fault."""

from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import httpx

from lab.ledger import read_ledger
from lab.survival import posting
from lab.survival.running_column import RunningColumn
from lab.survival.trial import JOBS, Events, Trial

from .run import Gate, Run
from .watch import Watcher


@dataclass(frozen=True)
class Wish:
    """What the reader has chosen: how many jobs of which kind, and how long each takes."""

    jobs: int = JOBS
    kind: str = "email"
    length_s: float = 1.0
    scales: bool = True  # the numbers of the fault follow `jobs`

    def scale(self, count: int) -> int:
        """Return the share of `jobs` that `count` is of eight."""
        return max(1, round(count * self.jobs / JOBS)) if self.scales else count


class WatchedTrial(Trial):
    """Tells the run what happens in its lane."""

    def __init__(self, running: RunningColumn, run: Run, gate: Gate, lane: int, wish: Wish) -> None:
        super().__init__(running)
        self.wish = wish
        self._run, self._gate, self._lane = run, gate, lane
        self._asked = 0
        # Kept, because the processes may be gone before a reader asks for a result.
        self.api_url = self.url
        self.ends: list[float] = []  # of jobs that were done, monotonic seconds; known at the end
        self.wanted: SimpleQueue[Callable[[WatchedTrial], None]] = SimpleQueue()  # in free play
        self.counts = False  # free play is over
        self.restarts = True  # what ends is started again
        self.watcher = Watcher(running, self.emit)
        self.watcher.start()

    def emit(self, kind: str, at: float | None = None, /, **facts: Any) -> None:
        """Add an event of this lane."""
        self._run.emit(kind, self._lane, at, **facts)

    def post_emails(self, count: int = JOBS) -> None:
        super().post_emails(self.wish.scale(count))

    def post_pictures(self, count: int = JOBS) -> list[str]:
        return super().post_pictures(self.wish.scale(count))

    def post_reports(self, count: int = JOBS, *, bad: bool = False) -> None:
        super().post_reports(self.wish.scale(count), bad=bad)

    def post(self, requests: list[httpx.Request]) -> list[str]:
        self._gate.check()
        numbers = range(self._asked + 1, self._asked + len(requests) + 1)
        self._asked += len(requests)
        kinds = [request.url.path.strip("/").removesuffix("s") for request in requests]
        self.emit("asked", None, jobs=list(numbers), kind=kinds[0] if kinds else "")

        def answered(which: int, answer: posting.Answer) -> None:
            facts = {"job": numbers[which], "ms": round(answer.waited_s * 1000)}
            if answer.task_id:
                self.emit("accepted", None, task=answer.task_id, **facts)
                self.watcher.know(answer.task_id)
            else:
                self.emit("refused", None, code=answer.code, well=answer.refused_well, **facts)

        return self.note(posting.post_all(requests, answered))

    def begin(self) -> None:
        self._gate.pass_through(self._lane)
        super().begin()

    def wait_for(self, what: str, holds: Callable[[], object], timeout_s: float = 30.0) -> None:
        def holds_or_was_reset() -> object:
            self._gate.check()
            return holds()

        super().wait_for(what, holds_or_was_reset, timeout_s)

    def close(self) -> None:
        self.watcher.stop()
        self.ends = sorted(
            event["t"]
            for event in read_ledger(self.running.data_dir)
            if event["event"] == "finished" and event["task_id"] in self.accepted
        )
        super().close()

    def events(self) -> Events:
        self.check()
        return super().events()

    def check(self) -> None:
        """Raise Aborted after a reset."""
        self._gate.check()
