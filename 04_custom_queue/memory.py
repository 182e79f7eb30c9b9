"""The tasks of one process, in memory: nothing is faster, and nothing of it survives."""

import asyncio
import itertools
import logging
import math
import sys
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace
from heapq import heappop, heappush
from itertools import islice
from typing import Any

from scenarios.contract import QueueMetrics, Status

from .job_queue import Again, Limits, QueueFull, Task
from .store import (
    CANCELLED,
    EVENTS,
    FAILED,
    INTERRUPTED,
    QUEUED,
    RUNNING,
    SUCCEEDED,
    Forget,
    Observe,
    Stop,
    careful,
    same_request,
)

logger = logging.getLogger(__name__)
MOST_FORGOTTEN = 200  # tasks whose files are removed in one go
LOOK_S = 1.0  # how often to look at a clock that can be set, and for tasks to forget
NO_ARGUMENTS: dict[str, Any] = {}


class MemoryStore:
    """Keeps the tasks of one process: all that wait or run, and for a while those that ended."""

    fate_at_stop = "they are interrupted"

    def __init__(
        self,
        limits: Limits,
        observe: Observe | None,
        stop: Stop,
        forget: Forget | None = None,
    ) -> None:
        self._closing = False
        self._limits, self._observe, self._stop = limits, careful(observe), stop
        self._records = Records(limits, forget)
        self._tasks, self._by_key = self._records.by_id, self._records.by_key
        self._workers = limits.workers
        self._queued = 0
        self._numbers = itertools.count(1)
        # One line of tasks for each priority that has any, and a heap of those priorities, negated.
        self._lines: dict[int, deque[Task]] = {}
        self._levels: list[int] = []
        self._takers: deque[asyncio.Future[None]] = deque()
        self._timers = Timers(self._offer)

    async def add(self, task: Task) -> Task:
        if task.key is not None and (known := self._records.find_key(task.key)):
            return same_request(known, task)
        self._refuse_if_full()
        task.number = next(self._numbers)
        self._tasks[task.task_id] = task
        if task.key is not None:
            self._by_key[task.key] = task
        self._queued += 1
        self._observe("accepted", task)
        task.ready = time.monotonic() + task.delay_s
        if task.due or task.delay_s:
            self._timers.set(task)
        else:
            self._offer(task)
        return task

    def count_workers(self, workers: int) -> None:
        self._workers = workers

    def holds(self, task: Task) -> bool:
        return True  # nobody else knows of it

    def stop_adding(self) -> None:
        self._closing = True

    async def take(self) -> Task:
        while True:
            while self._levels:
                line = self._lines[self._levels[0]]
                task = line.popleft()
                if not line:
                    del self._lines[heappop(self._levels)]
                if task.status is not QUEUED:
                    continue  # it was cancelled while it waited
                self._queued -= 1
                task.status, task.error = RUNNING, None
                task.started_at = now_after(task.queued_at)
                task.attempts += 1
                self._observe("started", task)
                return task
            taker = asyncio.get_running_loop().create_future()
            self._takers.append(taker)
            await taker

    def report(self, task: Task) -> None:
        """Do nothing: there is one copy of the task, and the queue has changed it."""

    def retry(
        self, task: Task, delay_s: float, error: str | None = None, *, is_counted: bool = True
    ) -> None:
        if task.status is RUNNING:
            task.attempts -= not is_counted
            task.error = error
            self._wait_again(task, delay_s, "retried")

    def repeat(self, task: Task, again: Again) -> None:
        if self._closing:
            self.give_up(task)
        elif task.status is RUNNING:
            task.attempts, task.arguments = 0, again.arguments
            self._wait_again(task, again.delay_s, "repeated")

    def end(self, task: Task, status: Status, result: Any = None, error: str | None = None) -> None:
        if task.finished_at:
            return  # a job may come back after its task was cancelled
        if task.status is QUEUED:
            self._queued -= 1
            self._timers.drop(task)
        task.status = status
        task.finished_at = now_after(task.started_at or task.queued_at)
        task.result, task.error = result, error
        if status is not FAILED:  # it may be put back
            task.arguments = NO_ARGUMENTS
        if status is SUCCEEDED:
            task.progress = 100
        self._observe(EVENTS[status], task)
        self._records.note_end(task)

    async def cancel(self, task_id: str) -> bool:
        task = self._tasks.get(task_id)
        if not task or task.finished_at:
            return False
        self.end(task, CANCELLED)
        self._stop(task)
        if sum(map(len, self._lines.values())) > 2 * self._queued + 100:
            self._leave_cancelled_behind()
        return True

    async def find(self, task_id: str) -> Task | None:
        self._records.forget_old()
        return self._tasks.get(task_id)

    async def find_key(self, key: str) -> Task | None:
        return self._records.find_key(key)

    async def find_failed(self, limit: int) -> list[Task]:
        return self._records.find_failed(limit)

    async def find_unfinished(self, kind: str) -> list[Task]:
        return [task for task in self.unfinished() if task.kind == kind]

    async def put_back(self, task_id: str) -> bool:
        task = self._tasks.get(task_id)
        if not task or task.status is not FAILED:
            return False
        self._refuse_if_full()
        self._wait_again(self._records.renew(task), 0, "put back")
        return True

    async def metrics(self) -> QueueMetrics:
        self._records.forget_old()
        oldest = min(map(waits_since, self._lines.values()), default=math.inf)
        return QueueMetrics(
            queued=self._queued,
            running=len(self._tasks) - self._queued - len(self._records.ended),
            succeeded=self._records.counts[SUCCEEDED],
            failed=self._records.counts[FAILED],
            oldest_queued_s=max(0.0, time.monotonic() - oldest),
            workers=self._workers,
        )

    def unfinished(self) -> Collection[Task]:
        return [task for task in self._tasks.values() if not task.finished_at]

    def give_up(self, task: Task) -> None:
        self.end(task, INTERRUPTED, error="the app stopped before the job had ended")
        self._stop(task)

    async def close(self, in_threads: Collection[Task]) -> None:
        """Remove the files of tasks that were forgotten; nothing has to be saved."""
        await self._records.close()

    def _refuse_if_full(self) -> None:
        if self._queued >= self._limits.size or self._closing:
            raise QueueFull(f"the queue is closing or full: {self._queued} tasks wait")

    def _wait_again(self, task: Task, delay_s: float, event: str) -> None:
        self._queued += 1
        task.status, task.due, task.delay_s = QUEUED, 0, delay_s
        task.ready = time.monotonic() + delay_s
        self._observe(event, task)
        self._timers.set(task)

    # --8<-- [start:line]
    def _offer(self, task: Task) -> None:
        """Put the task in its line, by number, and wake a worker."""
        line = self._lines.get(-task.priority)
        if not line:
            line = self._lines[-task.priority] = deque()
            heappush(self._levels, -task.priority)
        if not line or line[-1].number < task.number:
            line.append(task)
        else:  # it waits again, and comes before those that arrived after it
            line.insert(sum(other.number < task.number for other in line), task)
        while self._takers:
            taker = self._takers.popleft()
            if not taker.done():
                taker.set_result(None)
                break

    # --8<-- [end:line]
    def _leave_cancelled_behind(self) -> None:
        lines = self._lines.values()
        waiting = [task for line in lines for task in line if task.status is QUEUED]
        self._lines, self._levels = {}, []
        for task in waiting:
            self._offer(task)


class Records:
    """Every task that waits or runs, and for a while those that ended."""

    def __init__(self, limits: Limits, forget: Forget | None) -> None:
        self._limits, self._forget = limits, forget
        self.by_id: dict[str, Task] = {}
        self.by_key: dict[str, Task] = {}
        self.ended: deque[Task] = deque()  # in the order of their ends
        self.counts = dict.fromkeys(Status, 0)  # of those that ended
        self._size_bytes = 0
        self._forgotten: list[str] = []
        self._timer: asyncio.TimerHandle | None = None

    def find_key(self, key: str) -> Task | None:
        """Return the task with this key."""
        self.forget_old()
        return self.by_key.get(key)

    def find_failed(self, limit: int) -> list[Task]:
        """Return tasks that failed, the last one first."""
        self.forget_old()
        return list(islice((task for task in reversed(self.ended) if task.status is FAILED), limit))

    def note_end(self, task: Task) -> None:
        """Keep an ended task for a while, and as many as there is room for."""
        task.ready = time.monotonic()
        self.ended.append(task)
        self.counts[task.status] += 1
        if task.arguments or task.result is not None:
            task.size_bytes = size_of(task.arguments) + size_of(task.result)
            self._size_bytes += task.size_bytes
        while len(self.ended) > self._limits.keep or self._size_bytes > self._limits.keep_bytes:
            self._forget_first()
        if not self._timer:
            self._look_later()

    def renew(self, task: Task) -> Task:
        """Put a new task in the place of a failed one.

        A thread may still work on the old object, which stays failed for it.
        """
        new = replace(
            task, attempts=0, progress=0, finished_at=None, error=None, ran_in=None, size_bytes=0
        )
        self.ended.remove(task)
        self._drop(task)
        self.by_id[task.task_id] = new
        if task.key is not None:
            self.by_key[task.key] = new
        return new

    def forget_old(self) -> None:
        """Forget the tasks that ended too long ago."""
        before = time.monotonic() - self._limits.keep_s
        while self.ended and self.ended[0].ready < before:
            self._forget_first()

    async def close(self) -> None:
        """Have the files removed that are still to be removed, and look no more."""
        if self._timer:
            self._timer.cancel()
        if self._forgotten and self._forget:
            await asyncio.to_thread(forget_files, self._forget, self._forgotten)

    def _forget_first(self) -> None:
        task = self.ended.popleft()
        self._drop(task)
        del self.by_id[task.task_id]
        if task.key is not None:
            del self.by_key[task.key]
        self._forgotten.append(task.task_id)

    def _drop(self, task: Task) -> None:
        self.counts[task.status] -= 1
        self._size_bytes -= task.size_bytes

    def _look(self) -> None:
        """Forget what is old though nobody asks, and have the files removed in a thread."""
        self.forget_old()
        if self._forgotten and self._forget:
            loop = asyncio.get_running_loop()
            loop.run_in_executor(None, forget_files, self._forget, self._forgotten)
        self._forgotten = []
        self._timer = None
        if self.ended:
            self._look_later()

    def _look_later(self) -> None:
        pause_s = min(self._limits.keep_s / 2, LOOK_S)
        self._timer = asyncio.get_running_loop().call_later(pause_s, self._look)


def forget_files(forget: Forget, task_ids: list[str]) -> None:
    """Remove the files of tasks that nobody knows any more, a few at a time."""
    for first in range(0, len(task_ids), MOST_FORGOTTEN):
        try:
            forget(task_ids[first : first + MOST_FORGOTTEN])
        except Exception:  # the files of the other tasks must go all the same
            logger.exception("files of tasks that are forgotten cannot be removed")


def now_after(earlier: float) -> float:
    """Return the time of day; `earlier` if the clock was set back since."""
    now = time.time()
    if now < earlier:  # `max` takes three times as long
        return earlier
    return now


def size_of(value: Any) -> int:  # Any: a JSON value
    """Return about how many bytes a JSON value takes in memory."""
    if isinstance(value, dict):
        return sys.getsizeof(value) + sum(size_of(each) for each in value.values())
    if isinstance(value, list):
        return sys.getsizeof(value) + sum(map(size_of, value))
    return sys.getsizeof(value)


class Timers:
    """Offers each task when it can run."""

    def __init__(self, offer: Callable[[Task], None]) -> None:
        self._offer = offer
        self._timers: dict[Task, asyncio.TimerHandle] = {}

    def set(self, task: Task) -> None:
        """Have the task offered at its time; at once if that has passed."""
        wait_s = task.ready - time.monotonic()
        if task.due:
            # The date can be set while we wait, so it is looked at now and then.
            wait_s = max(wait_s, min(task.due - time.time(), LOOK_S))
        loop = asyncio.get_running_loop()
        self._timers[task] = loop.call_later(wait_s, self._ring, task)

    def drop(self, task: Task) -> None:
        """Forget the task, so that cancelled ones do not pile up."""
        if timer := self._timers.pop(task, None):
            timer.cancel()

    def _ring(self, task: Task) -> None:
        if task.due > time.time() or task.ready > time.monotonic():
            self.set(task)
        else:
            task.ready = max(task.ready, time.monotonic() - max(0, time.time() - task.due))
            del self._timers[task]
            self._offer(task)


def waits_since(line: deque[Task]) -> float:
    """Return since when the first task of a line could have run, on the monotonic clock.

    What stands behind a task that could run at once arrived later, so the search ends there.
    """
    since = math.inf
    for task in line:
        if task.status is QUEUED:
            since = min(since, task.ready)
            if not task.due and not task.delay_s:
                break
    return since
