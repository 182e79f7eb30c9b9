"""One run: its events in the order in which they were seen, for the page and for a recording."""

import threading
import time
from collections.abc import Callable
from typing import Any

MOST_EVENTS = 50_000  # free play can go on for hours: after these, /healthz is left out
JSONDict = dict[str, Any]  # Any: each kind of event has its own facts


class Aborted(Exception):
    """The run was reset, or the lab ends."""


class Run:
    """The events of one run, with times in seconds since its lanes were ready.

    Threads add events; whoever follows is woken by `wake`, which must not block.
    """

    def __init__(self, number: int, wake: Callable[[], None] = lambda: None) -> None:
        self.number = number
        self.events: list[JSONDict] = []
        self.ended = False
        self._wake = wake
        self._lock = threading.Lock()
        self._zero: float | None = None

    def begin(self) -> None:
        """Let the clock of the run start now: all lanes are ready."""
        self._zero = time.monotonic()

    def emit(
        self, kind: str, lane: int | None = None, at: float | None = None, /, **facts: Any
    ) -> None:
        """Add an event; `at` is a value of `time.monotonic()`, now by default."""
        if kind == "health" and len(self.events) > MOST_EVENTS:
            return
        moment = time.monotonic() if at is None else at
        with self._lock:
            t = 0.0 if self._zero is None else max(0.0, moment - self._zero)
            where = {} if lane is None else {"lane": lane}
            self.events.append({"t": round(t, 3), "type": kind, **where, **facts})
        self._wake()

    def end(self) -> None:
        """Say that nothing more will come."""
        self.ended = True
        self._wake()


class Gate:
    """Where the run waits for the reader, and later the lanes for each other.

    The reader is asked before the first job is posted: a job that the mail server holds while a
    group talks would end by its own time limit, before the fault that the question is about.
    """

    def __init__(
        self, lanes: int, then: Callable[[], None], *, opened: bool, pause_s: float = 0.0
    ) -> None:
        self._changed = threading.Condition()
        self._missing = set(range(lanes))
        self._then = then  # called once, when no lane is missing any more
        self._pause_s = pause_s  # so that what is to be broken can be seen first
        self._asked = False
        self.opened = opened
        self._aborted = False

    @property
    def waits(self) -> bool:
        """Tell whether the run waits for the reader."""
        return self._asked and not self.opened

    def wait_for_reader(self) -> None:
        """Wait until the reader has said go; raise Aborted on a reset."""
        with self._changed:
            self._asked = True
            self._changed.wait_for(lambda: self._aborted or self.opened)
        self.check()

    def pass_through(self, lane: int) -> None:
        """Wait until every lane is here; raise Aborted on a reset."""
        self.leave(lane)
        with self._changed:
            self._changed.wait_for(lambda: self._aborted or not self._missing)
        self.check()

    def leave(self, lane: int) -> None:
        """Wait no longer for this lane."""
        with self._changed:
            if self._missing == {lane}:
                self._changed.wait_for(lambda: self._aborted, self._pause_s)
                if not self._aborted:
                    self._then()
            self._missing.discard(lane)
            self._changed.notify_all()

    def open(self) -> None:
        """Let the run go on."""
        with self._changed:
            self.opened = True
            self._changed.notify_all()

    def abort(self) -> None:
        """Give up: every lane that waits, or comes later, raises Aborted."""
        with self._changed:
            self._aborted = True
            self._changed.notify_all()

    def check(self) -> None:
        """Raise Aborted if the run was given up."""
        if self._aborted:
            raise Aborted
