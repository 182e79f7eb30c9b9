"""What the queue asks of a store, and what a task is.

`memory_store.py` keeps tasks as long as the process lives, `sqlite_store.py` beyond that.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from scenarios.contract import QueueMetrics, Status
from scenarios.status import RanIn

# Names of the module's own: `Status.QUEUED` takes five times as long on Python 3.11.
QUEUED, RUNNING = Status.QUEUED, Status.RUNNING
SUCCEEDED, FAILED, CANCELLED = Status.SUCCEEDED, Status.FAILED, Status.CANCELLED
INTERRUPTED = Status.INTERRUPTED
EVENTS = {each: "finished" if each is SUCCEEDED else str(each) for each in Status}


@dataclass(slots=True, eq=False)
class Task:
    """One job and what is known of it; times are seconds since the epoch."""

    task_id: str
    kind: str
    arguments: dict[str, Any]
    priority: int = 0
    key: str | None = None
    due: float = 0  # not taken before; 0: at once
    number: int = 0  # order of arrival; makes the order of equal priorities total
    status: Status = QUEUED
    progress: int = 0
    attempts: int = 0
    result: Any = None
    error: str | None = None
    queued_at: float = field(default_factory=time.time)
    started_at: float | None = None
    finished_at: float | None = None
    ran_in: RanIn | None = None


@dataclass(frozen=True)
class Again:
    """What a job returns whose task has not ended: it runs again at `due`, with `arguments`.

    There is one task however often it runs, so runs never overlap and never pile up.
    """

    due: float  # seconds since the epoch
    arguments: dict[str, Any]


class QueueFull(Exception):
    """The queue holds as many waiting tasks as it may, or is closing."""


class QueueUnavailable(Exception):
    """The file of the queue cannot be used now; says why."""


@dataclass(frozen=True)
class Limits:
    """How much the queue takes on."""

    workers: int = 4
    processes: int = 2
    size: int = 1000
    timeout_s: float = 300
    max_attempts: int = 4
    retry_base_s: float = 1.0
    keep: int = 10_000  # ended tasks that are remembered in memory,
    keep_s: float = 3600  # and for how long, in memory and on disk
    lease_s: float = 10  # on disk: how long a process may be silent before others take its tasks


Observe = Callable[[str, Task], None]
Stop = Callable[[Task], None]


class Store(Protocol):
    """Keeps tasks and hands them out.

    Tells `observe(event, task)` of each change that it has kept, and `stop(task)` to end the job
    of a task that has ended otherwise.
    """

    fate_at_stop: str  # what becomes of a task that is given up

    async def add(self, task: Task) -> Task:
        """Keep a new task, or return the earlier one with its key. Raises `QueueFull`."""

    def stop_adding(self) -> None:
        """Refuse new tasks from now on."""

    async def take(self) -> Task:
        """Wait for the next task, the highest priority first, and note that it runs."""

    def report(self, task: Task) -> None:
        """Keep the progress of a running task."""

    def retry(self, task: Task, delay_s: float) -> None:
        """Let a running task wait again, and not be taken before `delay_s`."""

    def repeat(self, task: Task, again: Again) -> None:
        """Let a running task wait for its next run; the attempts are counted anew."""

    def end(self, task: Task, status: Status, result: Any = None, error: str | None = None) -> None:
        """Note how a running task ended, unless it has ended before."""

    async def cancel(self, task_id: str) -> bool:
        """End a task that waits or runs; False if it has ended."""

    async def find(self, task_id: str) -> Task | None:
        """Return the task with this id, if it was taken and is not forgotten."""

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
