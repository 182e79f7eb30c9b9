"""The tasks in an SQLite file: what was accepted survives kill -9, and processes share a queue."""

import asyncio
import json
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from scenarios.contract import QueueMetrics, Status

from ..job_queue import Again, Limits, QueueFull, QueueUnavailable, Task
from ..store import (
    CANCELLED,
    EVENTS,
    INTERRUPTED,
    QUEUED,
    RUNNING,
    SUCCEEDED,
    Forget,
    Observe,
    Stop,
    careful,
)
from . import statements as sql
from .file import connect, to_task
from .group_commit import Change, GroupCommit, patiently, unavailable
from .rows import Facts, News, Rows

logger = logging.getLogger(__name__)
NOTHING = Change(lambda db: None)


class SQLiteStore:
    """Keeps the tasks of all queues that use the file, and runs some of them for this one."""

    fate_at_stop = "they go back to the queue"

    def __init__(
        self,
        path: Path,
        limits: Limits,
        observe: Observe | None,
        stop: Stop,
        forget: Forget | None = None,
    ) -> None:
        self._path, self._stop, self._forget_files = path, stop, forget
        self._observe = careful(observe)
        self._ours: dict[str, Task] = {}  # by id: those taken, until their end is kept
        self._takers: deque[asyncio.Future[Task]] = deque()
        self._rows = Rows(path, limits, self._hand_out, self._heard, self._stop_reading)
        self._writer = GroupCommit(self._rows)
        self._reader = ThreadPoolExecutor(1, "queue-reader")
        self._forgetter = ThreadPoolExecutor(1, "queue-forgetter")
        self._reading: sqlite3.Connection | None = None
        self._reads = threading.Lock()

    async def add(self, task: Task) -> Task:
        if self._rows.closing:
            raise QueueFull("the queue is closing")
        arguments = json.dumps(task.arguments)
        kept: Task = await self._writer.do(partial(self._rows.insert, task, arguments))
        if kept is task:
            self._observe("accepted", task)
        return kept

    def count_workers(self, workers: int) -> None:
        self._rows.workers = workers

    def holds(self, task: Task) -> bool:
        return self._rows.holds(task)

    def stop_adding(self) -> None:
        self._rows.closing = True  # what waits is left for other processes, or the next start

    async def take(self) -> Task:
        taker: asyncio.Future[Task] = asyncio.get_running_loop().create_future()
        self._takers.append(taker)
        self._rows.wanted += 1
        self._writer.submit(NOTHING)  # each commit ends with a claim
        return await taker

    def report(self, task: Task) -> None:
        ran_in = task.ran_in.model_dump_json() if task.ran_in else None
        self._writer.submit(Change(partial(self._rows.report, task, ran_in)))

    def retry(
        self, task: Task, delay_s: float, error: str | None = None, *, is_counted: bool = True
    ) -> None:
        if self._let_go(task, QUEUED):
            task.error = as_text(error)
            change = partial(self._rows.retry, task, delay_s, int(not is_counted))
            self._writer.submit(Change(change, partial(self._tell, "retried", task)))

    def repeat(self, task: Task, again: Again) -> None:
        arguments = json.dumps(again.arguments)
        if self._let_go(task, QUEUED):
            change = partial(self._rows.repeat, task, again.delay_s, arguments)
            self._writer.submit(Change(change, partial(self._tell, "repeated", task)))

    def end(self, task: Task, status: Status, result: Any = None, error: str | None = None) -> None:
        if self._let_go(task, status):
            task.error = as_text(error)
            progress = 100 if status is SUCCEEDED else task.progress
            as_json = None if result is None else json.dumps(result)
            facts = (progress, as_json, task.error)
            change = partial(self._rows.end, task, status, facts)
            self._writer.submit(Change(change, partial(self._tell, EVENTS[status], task)))

    async def cancel(self, task_id: str) -> bool:
        found: Task | bool = await self._writer.do(partial(self._rows.cancel, task_id))
        if isinstance(found, Task):
            self._cancelled(found)
        return bool(found)

    async def find(self, task_id: str) -> Task | None:
        # The row says how the task is, also to the clients of another process: memory may not know
        # yet that the task was taken over. The progress in memory is newer.
        if not (rows := await self._read(sql.FIND, (task_id,))):
            return None
        task, ours = to_task(rows[0]), self._ours.get(task_id)
        if ours and task.status is RUNNING and task.attempts == ours.attempts:
            task.progress, task.ran_in = ours.progress, ours.ran_in
        return task

    async def find_key(self, key: str) -> Task | None:
        rows = await self._read(sql.FIND_KEY, (key,))
        return to_task(rows[0]) if rows else None

    async def find_failed(self, limit: int) -> list[Task]:
        return [to_task(row) for row in await self._read(sql.FIND_FAILED, (limit,))]

    async def find_unfinished(self, kind: str) -> list[Task]:
        return [to_task(row) for row in await self._read(sql.FIND_UNFINISHED, (kind,))]

    async def put_back(self, task_id: str) -> bool:
        task: Task | None = await self._writer.do(partial(self._rows.put_back, task_id))
        if task:
            self._observe("put back", task)
        return bool(task)

    async def metrics(self) -> QueueMetrics:
        facts = self._rows.times() | {"owner": self._rows.owner}
        found = dict(await self._read(sql.METRICS, facts))
        oldest_s = [
            now - found[each]
            for each, now in (("oldest", facts["clock"]), ("oldest dated", facts["now"]))
            if found[each] is not None
        ]
        return QueueMetrics(
            queued=found["queued"],
            running=found["running"],
            succeeded=found["succeeded"],
            failed=found["failed"],
            oldest_queued_s=max([0.0, *oldest_s]),
            workers=found["workers"] + self._rows.workers,
        )

    def unfinished(self) -> Collection[Task]:
        return [task for task in self._ours.values() if task.status is RUNNING]

    def give_up(self, task: Task) -> None:
        if self._let_go(task, INTERRUPTED):
            self._observe("requeued", task)
            self._stop(task)

    async def close(self, in_threads: Collection[Task]) -> None:
        self._writer.submit(Change(partial(self._rows.leave, list(in_threads))))
        await self._writer.close()
        self._forgetter.shutdown(wait=False, cancel_futures=True)
        self._reader.shutdown()
        self._stop_reading()
        if not in_threads:
            self._rows.close()

    # On the event loop, after a commit:

    def _hand_out(self, tasks: list[Task]) -> None:
        for task in tasks:
            self._ours[task.task_id] = task
            self._observe("started", task)
            while self._takers:
                taker = self._takers.popleft()
                if not taker.done():
                    taker.set_result(task)
                    break

    def _tell(self, event: str, task: Task, changed: bool) -> None:
        self._forget(task)
        if changed:
            self._observe(event, task)

    def _cancelled(self, found: Task) -> None:
        task = self._ours.get(found.task_id, found)
        self._let_go(task, CANCELLED)
        self._forget(task)
        self._observe("cancelled", task)
        self._stop(task)

    def _heard(self, news: News) -> None:
        for task in [task for task in self._ours.values() if task.task_id in news.lost]:
            self._let_go(task, INTERRUPTED)
            self._forget(task)
            self._observe("lost", task)
            self._stop(task)
        for task in news.cancelled:
            self._cancelled(task)
        for task in news.taken_over:
            self._observe("recovered" if task.status is QUEUED else EVENTS[task.status], task)
        if news.forgotten and self._forget_files:
            self._rows.forgets = False
            self._forgetter.submit(self._forget_all, self._forget_files, news.forgotten)

    def _forget_all(self, forget: Forget, task_ids: list[str]) -> None:
        """Remove the files of tasks, in a thread; the sweeper of the API removes the rest."""
        try:
            forget(task_ids)
        except Exception:  # files that are left over stop no task
            logger.exception("the files of %d tasks cannot be removed now", len(task_ids))
        self._rows.forgets = True

    def _let_go(self, task: Task, status: Status) -> bool:
        """Note that we do not run the task any more; False if we did not before."""
        if task.status is not RUNNING:
            return False
        task.status = status
        return True

    def _forget(self, task: Task) -> None:
        if self._ours.get(task.task_id) is task:
            del self._ours[task.task_id]

    async def _read(self, sql: str, facts: Facts | dict[str, Any]) -> list[tuple[Any, ...]]:
        return await asyncio.get_running_loop().run_in_executor(
            self._reader, self._select, sql, facts
        )

    def _select(self, sql: str, facts: Facts | dict[str, Any]) -> list[tuple[Any, ...]]:
        try:
            with self._reads:
                if self._rows.is_replaced():  # whoever writes opens the new one first
                    raise QueueUnavailable("the queue's file was removed or replaced")
                self._reading = self._reading or connect(self._path)
                return patiently(partial(self._reading.execute, sql, facts)).fetchall()
        except Exception as error:
            self._stop_reading()
            raise unavailable(error) from error

    def _stop_reading(self) -> None:
        """Close the connection that reads; the next question opens one."""
        with self._reads:
            if self._reading:
                self._reading.close()
            self._reading = None


def as_text(error: str | None) -> str | None:
    """Return the sentence as SQLite can keep it: without halves of characters."""
    return error and error.encode(errors="replace").decode()
