"""The tasks that the memory store remembers: by id, by key, and in the order of their ends."""

import time
from collections import deque
from dataclasses import replace
from itertools import islice

from .store import FAILED, Limits, Task


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
