"""The tasks of one process, in memory: nothing is faster, and nothing of it survives."""

import asyncio
import itertools
import math
import time
from collections import Counter, deque
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
    Observe,
    Stop,
)

NO_ARGUMENTS: dict[str, Any] = {}


class MemoryStore:
    """Keeps the tasks of one process: all that wait or run, and for a while those that ended."""

    fate_at_stop = "they are interrupted"

    def __init__(self, limits: Limits, observe: Observe | None, stop: Stop) -> None:
        self._closing = False
        self._limits, self._observe, self._stop = limits, observe, stop
        self._records = Records(limits)
        self._tasks, self._by_key = self._records.by_id, self._records.by_key
        self._ended = self._records.ended
        self._queued = 0
        self._numbers = itertools.count(1)
        # One line of tasks for each priority that has any, and a heap of those priorities, negated.
        self._lines: dict[int, deque[Task]] = {}
        self._levels: list[int] = []
        self._takers: deque[asyncio.Future[None]] = deque()
        self._timers = Timers(self._offer)

    async def add(self, task: Task) -> Task:
        if task.key is not None and (known := self._records.find_key(task.key)):
            return known
        self._refuse_if_full()
        task.number = next(self._numbers)
        self._tasks[task.task_id] = task
        if task.key is not None:
            self._by_key[task.key] = task
        self._queued += 1
        if self._observe:
            self._observe("accepted", task)
        if task.due:
            self._timers.set(task)
        else:
            self._offer(task)
        return task

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
                task.status = RUNNING
                task.started_at = time.time()
                task.attempts += 1
                if self._observe:
                    self._observe("started", task)
                return task
            taker = asyncio.get_running_loop().create_future()
            self._takers.append(taker)
            await taker

    def report(self, task: Task) -> None:
        """Do nothing: there is one copy of the task, and the queue has changed it."""

    def retry(self, task: Task, delay_s: float) -> None:
        if task.status is RUNNING:
            self._wait_again(task, time.time() + delay_s, "retried")

    def repeat(self, task: Task, again: Again) -> None:
        if self._closing:
            self.give_up(task)
        elif task.status is RUNNING:
            task.attempts, task.arguments = 0, again.arguments
            self._wait_again(task, again.due, "repeated")

    def end(self, task: Task, status: Status, result: Any = None, error: str | None = None) -> None:
        if task.finished_at:
            return  # a task ends once: a job may come back after its task was cancelled
        if task.status is QUEUED:
            self._queued -= 1
            self._timers.drop(task)
        task.status, task.finished_at = status, time.time()
        task.result, task.error = result, error
        if status is not FAILED:  # it may be put back
            task.arguments = NO_ARGUMENTS
        if status is SUCCEEDED:
            task.progress = 100
        if self._observe:
            self._observe(EVENTS[status], task)
        self._ended.append(task)
        if len(self._ended) > self._limits.keep:
            self._records.forget_first()

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

    async def find_failed(self, limit: int) -> list[Task]:
        return self._records.find_failed(limit)

    async def find_unfinished(self, kind: str) -> list[Task]:
        return [task for task in self.unfinished() if task.kind == kind]

    async def put_back(self, task_id: str) -> bool:
        task = self._tasks.get(task_id)
        if not task or task.status is not FAILED:
            return False
        self._refuse_if_full()
        self._wait_again(self._records.renew(task), time.time(), "put back")
        return True

    async def metrics(self) -> QueueMetrics:
        self._records.forget_old()
        ended = Counter(task.status for task in self._ended)
        oldest = min(map(waits_since, self._lines.values()), default=math.inf)
        return QueueMetrics(
            queued=self._queued,
            running=len(self._tasks) - self._queued - len(self._ended),
            succeeded=ended[SUCCEEDED],
            failed=ended[FAILED],
            oldest_queued_s=max(0.0, time.time() - oldest),
            workers=self._limits.workers,
        )

    def unfinished(self) -> Collection[Task]:
        return [task for task in self._tasks.values() if not task.finished_at]

    def give_up(self, task: Task) -> None:
        self.end(task, INTERRUPTED, error="the app stopped before the job had ended")
        self._stop(task)

    async def close(self, in_threads: Collection[Task]) -> None:
        """Do nothing: memory ends with the process."""

    def _refuse_if_full(self) -> None:
        if self._queued >= self._limits.size or self._closing:
            raise QueueFull(f"the queue is closing or full: {self._queued} tasks wait")

    def _wait_again(self, task: Task, due: float, event: str) -> None:
        self._queued += 1
        task.status, task.due = QUEUED, due
        if self._observe:
            self._observe(event, task)
        self._timers.set(task)

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

    def _leave_cancelled_behind(self) -> None:
        lines = self._lines.values()
        waiting = [task for line in lines for task in line if task.status is QUEUED]
        self._lines, self._levels = {}, []
        for task in waiting:
            self._offer(task)


class Records:
    """Every task that waits or runs, and for a while those that ended."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.by_id: dict[str, Task] = {}
        self.by_key: dict[str, Task] = {}
        self.ended: deque[Task] = deque()

    def find_key(self, key: str) -> Task | None:
        """Return the task with this key."""
        self.forget_old()
        return self.by_key.get(key)

    def find_failed(self, limit: int) -> list[Task]:
        """Return tasks that failed, the last one first."""
        self.forget_old()
        return list(islice((task for task in reversed(self.ended) if task.status is FAILED), limit))

    def renew(self, task: Task) -> Task:
        """Put a new task in the place of a failed one.

        A thread may still work on the old object, which stays failed for it.
        """
        new = replace(task, attempts=0, progress=0, finished_at=None, error=None, ran_in=None)
        self.ended.remove(task)
        self.by_id[task.task_id] = new
        if task.key is not None:
            self.by_key[task.key] = new
        return new

    def forget_old(self) -> None:
        """Forget the tasks that ended too long ago."""
        before = time.time() - self._limits.keep_s
        while self.ended and (self.ended[0].finished_at or 0) < before:
            self.forget_first()

    def forget_first(self) -> None:
        """Forget the task that ended first."""
        task = self.ended.popleft()
        del self.by_id[task.task_id]
        if task.key is not None:
            del self.by_key[task.key]


class Timers:
    """Offers each task when it is due."""

    def __init__(self, offer: Callable[[Task], None]) -> None:
        self._offer = offer
        self._timers: dict[Task, asyncio.TimerHandle] = {}

    def set(self, task: Task) -> None:
        """Have the task offered at its time; at once if that has passed."""
        loop = asyncio.get_running_loop()
        self._timers[task] = loop.call_later(task.due - time.time(), self._ring, task)

    def drop(self, task: Task) -> None:
        """Forget the task, so that cancelled ones do not pile up."""
        if timer := self._timers.pop(task, None):
            timer.cancel()

    def _ring(self, task: Task) -> None:
        if task.due > time.time():  # the two clocks differ a little, or one was set
            self.set(task)
        else:
            del self._timers[task]
            self._offer(task)


def waits_since(line: deque[Task]) -> float:
    """Return since when the first task of a line could have run.

    What stands behind a task without a due time arrived later, so the search ends there.
    """
    since = math.inf
    for task in line:
        if task.status is QUEUED:
            since = min(since, task.due or task.queued_at)
            if not task.due:
                break
    return since
