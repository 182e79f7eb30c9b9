"""Where the queue keeps its tasks: those that wait, in order, and those that ended, for a while."""

import asyncio
import itertools
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from scenarios.contract import Status
from scenarios.status import RanIn


@dataclass(slots=True, eq=False)
class Task:
    """One job and what is known of it; times are seconds since the epoch."""

    task_id: str
    kind: str
    arguments: dict[str, Any]
    priority: int = 0
    key: str | None = None
    status: Status = Status.QUEUED
    progress: int = 0
    attempts: int = 0
    result: Any = None
    error: str | None = None
    queued_at: float = field(default_factory=time.time)
    started_at: float | None = None
    finished_at: float | None = None
    ran_in: RanIn | None = None


class MemoryStore:
    """Keeps the tasks of one process in memory, at most `keep` of those that ended."""

    def __init__(self, keep: int) -> None:
        self.counts: Counter[Status] = Counter()
        self._tasks: dict[str, Task] = {}
        self._ids: dict[str, str] = {}  # by key
        # The number makes the order total: equal priorities run first come, first served.
        self._waiting: asyncio.PriorityQueue[tuple[int, int, Task]] = asyncio.PriorityQueue()
        self._numbers = itertools.count()
        self._ended: deque[Task] = deque()
        self._keep = keep

    def add(self, task: Task) -> None:
        """Keep a new task and let a worker take it."""
        self._tasks[task.task_id] = task
        if task.key is not None:
            self._ids[task.key] = task.task_id
        self.counts[task.status] += 1
        self.offer(task)

    def offer(self, task: Task) -> None:
        """Let a worker take the task, the highest priority first."""
        self._waiting.put_nowait((-task.priority, next(self._numbers), task))

    async def take(self) -> Task:
        """Wait for the next task that is still wanted."""
        while True:
            _, _, task = await self._waiting.get()
            if task.status is Status.QUEUED:
                return task

    def find(self, task_id: str) -> Task | None:
        """Return the task with this id."""
        return self._tasks.get(task_id)

    def find_key(self, key: str | None) -> Task | None:
        """Return the task that was put with this key."""
        return self._tasks[self._ids[key]] if key in self._ids else None

    def change(self, task: Task, status: Status) -> None:
        """Move the task to another state; what has ended is forgotten some time."""
        self.counts[task.status] -= 1
        self.counts[status] += 1
        task.status = status
        if status.is_final:
            task.finished_at, task.arguments = time.time(), {}
            self._ended.append(task)
            if len(self._ended) > self._keep:
                self._forget(self._ended.popleft())

    def unfinished(self) -> list[Task]:
        """Return the tasks that wait or run, in the order of their arrival."""
        return [task for task in self._tasks.values() if not task.status.is_final]

    def oldest_queued_s(self) -> float:
        """Return the age of the task that has waited longest."""
        waiting = (task for task in self._tasks.values() if task.status is Status.QUEUED)
        oldest = next(waiting, None)
        return time.time() - oldest.queued_at if oldest else 0.0

    def _forget(self, task: Task) -> None:
        del self._tasks[task.task_id]
        self.counts[task.status] -= 1
        if task.key is not None:
            del self._ids[task.key]
