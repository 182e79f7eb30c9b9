"""What the durable queue does to the rows of its file, each method inside a transaction.

A running task belongs to one queue, its owner. Each change of it asks for the owner first, so a
process that was silent for longer than its lease cannot undo what others did meanwhile.
"""

import logging
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from scenarios.contract import Status

from ..job_queue import Limits, QueueFull, QueueUnavailable, Task
from ..store import CANCELLED, FAILED, QUEUED, RUNNING, same_request
from . import statements as sql
from .file import FileId, Presence, connect, drop_log, identify, join, to_task
from .group_commit import Change, Result

logger = logging.getLogger(__name__)
Facts = tuple[Any, ...]  # Any: columns of several types
MOST_FORGOTTEN = 200  # tasks in one transaction, which others wait for


@dataclass(frozen=True)
class News:
    """What became of tasks without a word from this queue."""

    lost: set[str]  # ids of tasks that others took over from us
    cancelled: list[Task]  # ours: another process was asked to cancel them
    taken_over: list[Task]  # of queues that died
    forgotten: list[str]  # ids of tasks whose files can go


class Rows:
    """The rows as one queue may change them; what concerns it is told on the event loop."""

    def __init__(
        self,
        path: Path,
        limits: Limits,
        claimed: Callable[[list[Task]], None],
        heard: Callable[[News], None],
        stop_reading: Callable[[], None],
    ) -> None:
        self.owner = f"{os.getpid()}-{uuid4()}"
        self.closing = False
        self.wanted = 0  # tasks, since the start; counted on the event loop
        self.workers = limits.workers  # that live
        self.lease_until = 0.0  # until then nobody takes our tasks; on the monotonic clock
        self.forgets = True  # False while the files of forgotten tasks are being removed
        self._path, self._limits, self._stop_reading = path, limits, stop_reading
        self._hand_out = Change(self._claim, claimed)
        self._catch_up = Change(self.catch_up, heard)
        self._presence: Presence | None = None
        self._file: FileId | None = None
        self._base = 0.0  # of the file's clock
        self._claimed = 0
        self._claiming: list[Task] = []
        self._held: set[str] = set()  # ids of the tasks that we run
        self._moves: Counter[str] = Counter()  # by status, in this transaction
        self._waiting: int | None = None  # before this transaction
        self._renewed = 0.0  # the lease that this transaction asks for

    def connect(self) -> sqlite3.Connection:
        if self._file and self.is_replaced():
            drop_log(self._path, self._file)
        db = connect(self._path)
        self._file = identify(self._path)
        if not self._presence:
            self._presence = join(self._path, db)
            self._say_what_is_there(db)
        (self._base,) = db.execute("SELECT base FROM clock").fetchone()
        return db

    def begin(self, db: sqlite3.Connection) -> None:
        if identify(self._path) != self._file:
            # What is written now would be gone with the last process that has the old file open.
            self._leave(db)
            raise QueueUnavailable("the queue's file was removed or replaced")
        self._moves.clear()
        self._waiting = None
        self._renewed = self.lease_until

    def is_replaced(self) -> bool:
        """Tell whether another file, or none, is where the one was that we have opened."""
        return bool(self._file and identify(self._path).file != self._file.file)

    def _leave(self, db: sqlite3.Connection) -> None:
        """Let go of the file; if its log alone was removed, what that held goes into the file."""
        db.execute("ROLLBACK")
        self._stop_reading()
        if self.is_replaced():
            self.close()
            self._presence = None
        elif not identify(self._path).log:  # else another process has done so, and begun a new one
            db.execute("PRAGMA wal_checkpoint")

    def finish(self, db: sqlite3.Connection) -> list[Result]:
        self._claiming = self._claim(db)
        moved = [(tasks, status) for status, tasks in self._moves.items() if tasks]
        db.executemany("UPDATE counts SET tasks = tasks + ? WHERE status = ?", moved)
        return [(self._hand_out, self._claiming, None)] if self._claiming else []

    def committed(self) -> None:
        self._claimed += len(self._claiming)
        self._held.update(task.task_id for task in self._claiming)
        self.lease_until = self._renewed

    def look(self, db: sqlite3.Connection) -> list[Change]:
        renew_at = self.lease_until - self._limits.lease_s * 2 / 3
        is_new = identify(self._path) != self._file
        if is_new or time.monotonic() >= renew_at or self._lost(db):
            return [self._catch_up]
        facts = self.times() | {
            "owner": self.owner,
            "limit": self._missing(),
            "expired": self._expired(),
            "forgets": self.forgets,
        }
        return [self._catch_up] if db.execute(sql.NEWS, facts).fetchone()[0] else []

    def holds(self, task: Task) -> bool:
        """Tell whether nobody can have taken this task from us; from any thread, without the file.

        The lease is looked at first: a new one counts after what was lost meanwhile is known.
        """
        return time.monotonic() < self.lease_until and task.task_id in self._held

    def times(self) -> dict[str, Any]:
        """Return what the three clocks show."""
        return {"now": time.time(), "clock": self.clock(), "mono": time.monotonic()}

    def clock(self) -> float:
        """Return the time on the file's clock, which goes on whatever is done to the date."""
        return time.monotonic() + self._base

    def insert(self, task: Task, arguments: str, db: sqlite3.Connection) -> Task:
        """Add a task, or return the earlier one with its key.

        Raises `QueueFull`, and `KeyReused` if the key belongs to another request.
        """
        if not self._is_full(db):
            facts = (task.task_id, task.key, task.fingerprint, str(task.kind), arguments)
            times = (task.queued_at, task.due, self.clock() + task.delay_s)
            cursor = db.execute(sql.ADD, (*facts, task.priority, *times))
            if cursor.rowcount:
                self._moves[QUEUED] += 1
                task.number = cursor.lastrowid or 0
                return task
        if row := db.execute(sql.FIND_KNOWN, (task.key, task.task_id)).fetchone():
            return same_request(to_task(row), task)
        raise self._full()

    def put_back(self, task_id: str, db: sqlite3.Connection) -> Task | None:
        """Let a failed task wait again; None if it has not failed. Raises `QueueFull`."""
        if not db.execute(sql.IS_FAILED, (task_id,)).fetchone():
            return None
        if self._is_full(db) or self.closing:
            raise self._full()
        self._move(FAILED, QUEUED, 1)
        return to_task(db.execute(sql.PUT_BACK, (self.clock(), task_id)).fetchone())

    def report(self, task: Task, ran_in: str | None, db: sqlite3.Connection) -> None:
        """Keep the progress of a task that is ours."""
        db.execute(sql.REPORT, (task.progress, ran_in, *self._ours(task)))

    def retry(self, task: Task, delay_s: float, uncounted: int, db: sqlite3.Connection) -> bool:
        """Let a task wait again; False if it is not ours any more, or is to be cancelled."""
        self._held.discard(task.task_id)
        facts = (self.clock() + delay_s, uncounted, task.error, *self._ours(task))
        rows = db.execute(sql.RETRY, facts).rowcount
        self._move(RUNNING, QUEUED, rows)
        return bool(rows)

    def repeat(self, task: Task, delay_s: float, arguments: str, db: sqlite3.Connection) -> bool:
        """Let a task wait for its next run; False as for `retry`."""
        self._held.discard(task.task_id)
        facts = (self.clock() + delay_s, arguments, *self._ours(task))
        rows = db.execute(sql.REPEAT, facts).rowcount
        self._move(RUNNING, QUEUED, rows)
        return bool(rows)

    def end(self, task: Task, status: Status, facts: Facts, db: sqlite3.Connection) -> bool:
        """Note how a task ended; False if it is not ours any more."""
        self._held.discard(task.task_id)
        times = (time.time(), self.clock())
        rows = db.execute(sql.END, (str(status), *facts, *times, *self._ours(task))).rowcount
        self._move(RUNNING, status, rows)
        return bool(rows)

    def cancel(self, task_id: str, db: sqlite3.Connection) -> Task | bool:
        """Cancel a task that waits or is ours, and return it; ask its owner if there is another."""
        times = (time.time(), self.clock())
        for before, facts in ((QUEUED, (task_id, None)), (RUNNING, (task_id, self.owner))):
            if row := db.execute(sql.CANCEL, (*times, *facts)).fetchone():
                self._held.discard(task_id)
                self._move(before, CANCELLED, 1)
                return to_task(row)
        return bool(db.execute(sql.ASK_TO_CANCEL, (task_id,)).rowcount)

    def catch_up(self, db: sqlite3.Connection) -> News:
        """Renew our lease, do what others ask, clear up after dead queues, remove what is old."""
        now = time.monotonic()
        self._renewed = now + self._limits.lease_s
        db.execute(
            "REPLACE INTO owners VALUES (?, ?, ?)", (self.owner, self.workers, self._renewed)
        )
        db.execute("DELETE FROM owners WHERE lease_until <= ?", (now,))
        seen = db.execute("UPDATE clock SET seen = ? + base RETURNING base", (now,)).fetchone()
        self._base = seen[0]
        lost = self._lost(db)
        self._held -= lost
        asked = db.execute(sql.ASKED, (self.owner,)).fetchall()
        cancelled = [self.cancel(task_id, db) for (task_id,) in asked]
        found = [task for task in cancelled if isinstance(task, Task)]
        return News(lost, found, self._take_over(db), self._purge(db) if self.forgets else [])

    def leave(self, in_threads: Collection[Task], db: sqlite3.Connection) -> None:
        """Give back what we run; a job that is still in a thread stays ours until a lease ends."""
        rest, lease_until = f"{self.owner}-rest", time.monotonic() + self._limits.lease_s
        db.execute("INSERT INTO owners VALUES (?, 0, ?)", (rest, lease_until))
        for task in in_threads:
            db.execute(sql.MOVE, (rest, *self._ours(task)))
        db.execute(sql.UNDO_ATTEMPT, (self.owner,))  # the job did not fail
        db.execute("DELETE FROM owners WHERE owner = ?", (self.owner,))
        self._take_over(db)

    def close(self) -> None:
        """Let go of the file."""
        if self._presence:
            self._presence.leave()

    def _say_what_is_there(self, db: sqlite3.Connection) -> None:
        found = dict(db.execute("SELECT status, tasks FROM counts"))
        if found[QUEUED] or found[RUNNING]:
            sentence = "the file holds %d jobs that wait and %d that were running"
            logger.info(sentence, found[QUEUED], found[RUNNING])

    def _is_full(self, db: sqlite3.Connection) -> bool:
        if self._waiting is None:
            (self._waiting,) = db.execute(sql.WAITING).fetchone()
        return bool(self._waiting + self._moves[QUEUED] >= self._limits.size)

    def _full(self) -> QueueFull:
        return QueueFull(f"the queue is closing or full: {self._waiting} tasks wait")

    def _claim(self, db: sqlite3.Connection) -> list[Task]:
        """Take as many tasks as workers wait for, the highest priority first."""
        if not (missing := self._missing()):
            return []
        facts = self.times() | {"owner": self.owner, "limit": missing}
        tasks = [to_task(row) for row in db.execute(sql.CLAIM, facts)]
        tasks.sort(key=lambda task: (-task.priority, task.number))  # RETURNING keeps no order
        self._move(QUEUED, RUNNING, len(tasks))
        return tasks

    def _missing(self) -> int:
        return 0 if self.closing else max(0, self.wanted - self._claimed)

    def _take_over(self, db: sqlite3.Connection) -> list[Task]:
        facts = self.times() | {"max_attempts": self._limits.max_attempts}
        tasks = [to_task(row) for row in db.execute(sql.TAKE_OVER, facts)]
        for task in tasks:
            self._move(RUNNING, task.status, 1)
        return tasks

    def _purge(self, db: sqlite3.Connection) -> list[str]:
        """Remove what ended long ago; return of which tasks the files can go."""
        found = db.execute(sql.PURGE, (self._expired(), MOST_FORGOTTEN)).fetchall()
        for _, status in found:
            self._moves[status] -= 1
        return [task_id for task_id, _ in found]

    def _lost(self, db: sqlite3.Connection) -> set[str]:
        return self._held - {task_id for (task_id,) in db.execute(sql.HELD, (self.owner,))}

    def _ours(self, task: Task) -> tuple[int, str, int, str]:
        return task.number, task.task_id, task.attempts, self.owner

    def _move(self, before: Status, after: Status, tasks: int) -> None:
        self._moves[before] -= tasks
        self._moves[after] += tasks

    def _expired(self) -> float:
        return self.clock() - self._limits.keep_s
