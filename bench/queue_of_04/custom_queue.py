"""The queue of 04 for the measuring programs: its modules, and a job that does nothing.

A folder that begins with a digit cannot be imported by a statement.
"""

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from typing import Any

from scenarios.status import ReportProgress

# Any: mypy cannot follow an import by name.
job_queue: Any = importlib.import_module("04_custom_queue.job_queue")
store: Any = importlib.import_module("04_custom_queue.store")
memory: Any = importlib.import_module("04_custom_queue.memory")
sqlite_store: Any = importlib.import_module("04_custom_queue.durable.store")
JobQueue, MemoryStore = job_queue.JobQueue, memory.MemoryStore
Limits, Task, SUCCEEDED = job_queue.Limits, job_queue.Task, store.SUCCEEDED
choose_store = store.choose_store
PRODUCERS = 64


class NoOp:
    """A job that does nothing but count; `all_ran` is set when `expected` have run."""

    def __init__(self, expected: int) -> None:
        self.all_ran = asyncio.Event()
        self._left = expected

    async def run(self, task_id: str, report_progress: ReportProgress) -> None:
        """Count."""
        self._left -= 1
        if not self._left:
            self.all_ran.set()


async def produce(add: Callable[[Any], Awaitable[object]], count: int) -> None:
    """Add `count` tasks that do nothing, from 64 producers at the same time."""

    async def add_part(first: int) -> None:
        for number in range(first, count, PRODUCERS):
            await add(Task(str(number), "noop", {}))

    await asyncio.gather(*map(add_part, range(PRODUCERS)))
