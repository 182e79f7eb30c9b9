"""A thread that owns one SQLite connection and lets changes that come together share a commit.

Waiting for the disk (fsync) costs most of a small transaction, and as much for 100 rows as for one.
"""

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from ..job_queue import QueueUnavailable

logger = logging.getLogger(__name__)
T = TypeVar("T")
MAX_BATCH = 1000
BUSY_S = 0.8  # a route answers within a second, also when another program holds the file
LAST_TRIES = 5
LOOK_S = 0.1  # how often to look for what other processes did
REASONS = {
    "SQLITE_BUSY": "is locked by another program",
    "SQLITE_FULL": "finds no room: the disk is full",
    "SQLITE_CORRUPT": "is damaged",
    "SQLITE_NOTADB": "is damaged, or no SQLite file",
}


def unavailable(error: Exception) -> QueueUnavailable:
    """Return the error with a sentence that a client can read."""
    if isinstance(error, QueueUnavailable):
        return error
    words = error.strerror if isinstance(error, OSError) else error  # without the path
    reason = REASONS.get(primary_code(error), f"cannot be used: {words}")
    return QueueUnavailable(f"the queue's file {reason}")


@dataclass(slots=True, eq=False)
class Change:
    """Something to do in a transaction; after its commit `done` is called on the event loop.

    If somebody waits for it, it is on disk (fsync) before the future gets its value. Otherwise it
    is owed: tried again until the file takes it.
    """

    apply: Callable[[sqlite3.Connection], Any]
    done: Callable[[Any], None] | None = None
    waiter: asyncio.Future[Any] | None = None
    since: float = field(default_factory=time.monotonic)

    def tell(self, value: Any, error: Exception | None) -> None:
        """Pass on what has become of it."""
        if self.waiter and not self.waiter.done():
            if error:
                self.waiter.set_exception(error)
            else:
                self.waiter.set_result(value)
        elif self.done and not error:
            self.done(value)


Result = tuple[Change, Any, Exception | None]


class Table(Protocol):
    """What is kept in the file; all of it is called in the thread."""

    def connect(self) -> sqlite3.Connection:
        """Open the file."""

    def look(self, db: sqlite3.Connection) -> list[Change]:
        """Return changes of the table's own; asked now and then, so it only reads."""

    def begin(self, db: sqlite3.Connection) -> None:
        """Prepare for a transaction, which has just begun."""

    def finish(self, db: sqlite3.Connection) -> list[Result]:
        """Make the last changes of a transaction; returns what to tell after its commit."""

    def committed(self) -> None:
        """Note that the transaction is kept."""


class GroupCommit:
    """Makes changes in their order, those that come together in one transaction."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._loop = asyncio.get_running_loop()
        self._inbox: SimpleQueue[Change | None] = SimpleQueue()
        self._owed: list[Change] = []
        self._db: sqlite3.Connection | None = None
        self._synchronous = ""
        self._error = ""
        self._look_at = 0.0
        self._thread = threading.Thread(target=self._run, name="queue-db", daemon=True)
        self._thread.start()

    def submit(self, change: Change) -> None:
        """Have the change made with the next commit; from any thread."""
        self._inbox.put(change)

    async def do(self, apply: Callable[[sqlite3.Connection], Any]) -> Any:
        """Have a change made and on disk; return its value. Raises `QueueUnavailable`."""
        waiter: asyncio.Future[Any] = self._loop.create_future()
        self._inbox.put(Change(apply, waiter=waiter))
        return await waiter

    async def close(self) -> None:
        """Make the changes that are still to be made, if the disk takes them, and end."""
        self._inbox.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        closing = False
        while not closing:
            batch, closing = self._collect()
            self._commit(batch)
        for _ in range(LAST_TRIES):
            if self._owed:
                self._commit([])
        if self._db:
            self._db.close()

    def _collect(self) -> tuple[list[Change], bool]:
        """Wait for a change, or until it is time to look; return what has come, and if it ends."""
        batch: list[Change] = []
        with suppress(Empty):
            change = self._inbox.get(timeout=max(0.0, self._look_at - time.monotonic()))
            while change:
                batch.append(change)
                change = self._inbox.get_nowait() if len(batch) < MAX_BATCH else None
            return batch, len(batch) < MAX_BATCH
        return batch, False

    def _commit(self, batch: list[Change]) -> None:
        batch, self._owed = self._owed + batch, []
        try:
            self._db = self._db or self._table.connect()
            if time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + LOOK_S
                batch += self._table.look(self._db)
            if batch:
                self._apply(self._db, batch)
        except Exception as error:  # without this thread no task could be taken or ended any more
            self._refuse(batch, unavailable(error))
        else:
            if self._error:
                logger.info("the queue's file can be used again")
            self._error = ""

    def _apply(self, db: sqlite3.Connection, batch: list[Change]) -> None:
        """Make the changes in one transaction."""
        # Without FULL a commit survives the death of the process, though not a power cut.
        synchronous = "FULL" if any(change.waiter for change in batch) else "NORMAL"
        if synchronous != self._synchronous:
            db.execute(f"PRAGMA synchronous = {synchronous}")
            self._synchronous = synchronous
        # A change that came while an earlier batch waited has used up that time: a route has to
        # answer within a second.
        since = min((each.since for each in batch if each.waiter), default=time.monotonic())
        patiently(partial(db.execute, "BEGIN IMMEDIATE"), since)
        self._table.begin(db)
        results = [(change, *apply_one(db, change)) for change in batch]
        results += self._table.finish(db)
        db.execute("COMMIT")
        self._table.committed()
        self._tell(results)

    def _refuse(self, batch: list[Change], error: QueueUnavailable) -> None:
        if str(error) != self._error:
            logger.error("%s", error)
        self._error = str(error)
        if self._db:
            self._db.close()  # this rolls back, and the file may have been replaced: open it anew
        self._db, self._synchronous = None, ""
        self._look_at = time.monotonic() + LOOK_S
        self._owed = [change for change in batch if not change.waiter]
        self._tell([(change, None, error) for change in batch if change.waiter])

    def _tell(self, results: list[Result]) -> None:
        def tell_all() -> None:
            for change, value, error in results:
                change.tell(value, error)

        with suppress(RuntimeError):  # the loop is closed, so nobody waits for the result
            self._loop.call_soon_threadsafe(tell_all)


def primary_code(error: Exception) -> str:
    """Return SQLite's name of the error without its finer kinds: SQLITE_BUSY_RECOVERY is BUSY."""
    return "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])


def patiently(step: Callable[[], T], since: float | None = None) -> T:
    """Repeat a step while another process holds the file, until `BUSY_S` after `since`.

    SQLite's own wait sleeps too long to be fair, and does not wait for everything.
    """
    deadline = (time.monotonic() if since is None else since) + BUSY_S
    while True:
        try:
            return step()
        except sqlite3.OperationalError as error:
            if primary_code(error) != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
        time.sleep(0.001)


def apply_one(db: sqlite3.Connection, change: Change) -> tuple[Any, Exception | None]:
    """Make one change; an error of its own, such as a full queue, leaves the others alone."""
    try:
        return change.apply(db), None
    except sqlite3.Error:
        raise
    except Exception as error:
        if not change.waiter:
            logger.exception("a change of the queue's file is left out")
        return None, error
