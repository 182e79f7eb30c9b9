"""Tasks in memory whose time has not come, and since when the others could have run."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable

from .store import QUEUED, Task


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
