"""The tasks of one process, in memory: nothing is faster, and nothing of it survives."""

import asyncio
import itertools
import time
from collections import Counter, deque
from collections.abc import Collection
from heapq import heappop, heappush
from typing import Any

from scenarios.contract import QueueMetrics, Status

from .store import (
    CANCELLED,
    EVENTS,
    FAILED,
    INTERRUPTED,
    QUEUED,
    RUNNING,
    SUCCEEDED,
    Limits,
    Observe,
    QueueFull,
    Stop,
    Task,
)

NO_ARGUMENTS: dict[str, Any] = {}


class MemoryStore:
    """Keeps the tasks of one process: all that wait or run, and for a while those that ended."""

    fate_at_stop = "they are interrupted"

    def __init__(self, limits: Limits, observe: Observe | None, stop: Stop) -> None:
        self._closing = False
        self._limits, self._observe, self._stop = limits, observe, stop
        self._tasks: dict[str, Task] = {}
        self._by_key: dict[str, Task] = {}
        self._queued = 0
        self._numbers = itertools.count(1)
        # One line of tasks for each priority that has any, and a heap of those priorities, negated.
        self._lines: dict[int, deque[Task]] = {}
        self._levels: list[int] = []
        self._takers: deque[asyncio.Future[None]] = deque()
        self._ended: deque[Task] = deque()

    async def add(self, task: Task) -> Task:
        if task.key is not None and (known := self._find_key(task.key)):
            return known
        if self._queued >= self._limits.size or self._closing:
            raise QueueFull(f"the queue is closing or full: {self._queued} tasks wait")
        task.number = next(self._numbers)
        self._tasks[task.task_id] = task
        if task.key is not None:
            self._by_key[task.key] = task
        self._queued += 1
        if self._observe:
            self._observe("accepted", task)
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
            self._queued += 1
            task.status = QUEUED
            if self._observe:
                self._observe("retried", task)
            asyncio.get_running_loop().call_later(delay_s, self._offer, task)

    def end(self, task: Task, status: Status, result: Any = None, error: str | None = None) -> None:
        if task.finished_at:
            return  # a task ends once: a job may come back after its task was cancelled
        if task.status is QUEUED:
            self._queued -= 1
        task.status, task.finished_at = status, time.time()
        task.result, task.error, task.arguments = result, error, NO_ARGUMENTS
        if status is SUCCEEDED:
            task.progress = 100
        if self._observe:
            self._observe(EVENTS[status], task)
        self._ended.append(task)
        if len(self._ended) > self._limits.keep:
            self._forget_first()

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
        self._forget_old()
        return self._tasks.get(task_id)

    async def metrics(self) -> QueueMetrics:
        self._forget_old()
        ended = Counter(task.status for task in self._ended)
        waiting = (task for task in self._tasks.values() if task.status is QUEUED)
        oldest = next(waiting, None)
        return QueueMetrics(
            queued=self._queued,
            running=len(self._tasks) - self._queued - len(self._ended),
            succeeded=ended[SUCCEEDED],
            failed=ended[FAILED],
            oldest_queued_s=time.time() - oldest.queued_at if oldest else 0,
            workers=self._limits.workers,
        )

    def unfinished(self) -> Collection[Task]:
        return [task for task in self._tasks.values() if not task.finished_at]

    def give_up(self, task: Task) -> None:
        self.end(task, INTERRUPTED, error="the app stopped before the job had ended")
        self._stop(task)

    async def close(self, in_threads: Collection[Task]) -> None:
        """Do nothing: memory ends with the process."""

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

    def _find_key(self, key: str) -> Task | None:
        self._forget_old()
        return self._by_key.get(key)

    def _forget_old(self) -> None:
        """Forget the tasks that ended too long ago."""
        before = time.time() - self._limits.keep_s
        while self._ended and (self._ended[0].finished_at or 0) < before:
            self._forget_first()

    def _forget_first(self) -> None:
        task = self._ended.popleft()
        del self._tasks[task.task_id]
        if task.key is not None:
            del self._by_key[task.key]
