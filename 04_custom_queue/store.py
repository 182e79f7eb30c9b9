"""What the queue asks of a store: read it before you write one.

`memory.py` is the short example.
"""

import logging
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from scenarios.contract import QueueMetrics, Status
from scenarios.idempotency import KeyReused

from .job_queue import Again, Limits, Task

logger = logging.getLogger(__name__)
# Names of the module's own: `Status.QUEUED` takes five times as long on Python 3.11.
QUEUED, RUNNING = Status.QUEUED, Status.RUNNING
SUCCEEDED, FAILED, CANCELLED = Status.SUCCEEDED, Status.FAILED, Status.CANCELLED
INTERRUPTED = Status.INTERRUPTED
EVENTS = {each: "finished" if each is SUCCEEDED else str(each) for each in Status}

Observe = Callable[[str, Task], None]
Stop = Callable[[Task], None]
Forget = Callable[[list[str]], None]
Knows = Callable[[list[str]], list[str]]


class Store(Protocol):
    """Keeps tasks and hands them out.

    While a task is open nothing of it expires; `Limits.keep_s` after its end all of it goes.
    Tells `observe(event, task)` of each change that it has kept, `stop(task)` to end the job of a
    task that has ended otherwise, and `forget(task_ids)`, in a thread, when their files can go.
    """

    fate_at_stop: str  # what becomes of a task that is given up

    async def add(self, task: Task) -> Task:
        """Keep a new task, or return the earlier one with its key.

        Raises `QueueFull`, and `KeyReused` if the key belongs to another request.
        """

    def count_workers(self, workers: int) -> None:
        """Note how many workers of this process live."""

    def stop_adding(self) -> None:
        """Refuse new tasks from now on."""

    async def take(self) -> Task:
        """Wait for the next task, the highest priority first, and note that it runs."""

    def holds(self, task: Task) -> bool:
        """Tell whether a running task is still ours; asked before each effect, from any thread."""

    def report(self, task: Task) -> None:
        """Keep the progress of a running task."""

    def retry(
        self, task: Task, delay_s: float, error: str | None = None, *, is_counted: bool = True
    ) -> None:
        """Let a running task wait again, and not be taken before `delay_s` have passed.

        `error` says why; it stands in the task until the next attempt begins.
        """

    def repeat(self, task: Task, again: Again) -> None:
        """Let a running task wait for its next run; the attempts are counted anew."""

    def end(self, task: Task, status: Status, result: Any = None, error: str | None = None) -> None:
        """Note how a running task ended, unless it has ended before."""

    async def cancel(self, task_id: str) -> bool:
        """End a task that waits or runs; False if it has ended."""

    async def find(self, task_id: str) -> Task | None:
        """Return the task with this id, if it was taken and is not forgotten."""

    async def find_key(self, key: str) -> Task | None:
        """Return the task that this key belongs to."""

    async def find_failed(self, limit: int) -> list[Task]:
        """Return tasks that failed for good, the last one first."""

    async def find_unfinished(self, kind: str) -> list[Task]:
        """Return the tasks of this kind that wait or run."""

    async def put_back(self, task_id: str) -> bool:
        """Let a failed task wait again as if it were new; False if it has not failed.

        Raises `QueueFull`.
        """

    async def metrics(self) -> QueueMetrics:
        """Count the tasks by state, and the workers that live."""

    def unfinished(self) -> Collection[Task]:
        """Return what would be interrupted if this process stopped now."""

    def give_up(self, task: Task) -> None:
        """Note that an unfinished task cannot end in this process."""

    async def close(self, in_threads: Collection[Task]) -> None:
        """Write down what is left to write; the jobs `in_threads` have not noticed the end yet."""


OpenStore = Callable[[Limits, Observe | None, Stop, Forget | None], Store]


def careful(observe: Observe | None) -> Observe:
    """Return `observe` with its errors logged: they must stop no task and no worker."""

    def tell(event: str, task: Task) -> None:
        try:
            if observe:
                observe(event, task)
        except Exception:
            logger.exception("the observer failed at %r of task %s", event, task.task_id)

    return tell


def same_request(known: Task, task: Task) -> Task:
    """Return the earlier task with the key of `task`; raises `KeyReused` for another request."""
    if known.fingerprint != task.fingerprint and known.fingerprint and task.fingerprint:
        raise KeyReused
    return known


def choose_store(path: Path | None) -> OpenStore:
    """Have the tasks kept in memory, or in an SQLite file if there is a path."""
    if not path:
        from .memory import MemoryStore

        return MemoryStore
    from .durable.store import SQLiteStore  # not loaded where it is not used

    return partial(SQLiteStore, path)


def choose_knows(path: Path | None) -> Knows | None:
    """Return what tells, from any thread, which of some tasks are in the file."""
    if not path:
        return None
    from .durable.file import find_known

    return partial(find_known, path)
