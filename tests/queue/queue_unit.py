"""The queue of 04 as a unit, without HTTP: its modules, jobs to steer, and a queue to open.

A folder that begins with a digit cannot be imported by a statement.
"""

import asyncio
import contextlib
import importlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from scenarios.errors import WorkError
from scenarios.status import ReportProgress

# Any: mypy cannot follow an import by name.
job_queue: Any = importlib.import_module("04_custom_queue.job_queue")
processes: Any = importlib.import_module("04_custom_queue.processes")
store: Any = importlib.import_module("04_custom_queue.store")
memory: Any = importlib.import_module("04_custom_queue.memory")
sqlite_store: Any = importlib.import_module("04_custom_queue.durable.store")
group_commit: Any = importlib.import_module("04_custom_queue.durable.group_commit")
queue_file: Any = importlib.import_module("04_custom_queue.durable.file")
Limits, Task = job_queue.Limits, job_queue.Task
QueueFull, QueueUnavailable = job_queue.QueueFull, job_queue.QueueUnavailable


class Jobs:
    """Jobs that note that they run, and wait until the test lets them go on."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.events: list[tuple[str, str]] = []
        self.gate = asyncio.Event()
        self.release = threading.Event()
        self.forgotten: list[str] = []
        self.work: dict[str, Callable[..., Any]] = {
            "quick": self.quick,
            "held": self.held,
            "stubborn": self.stubborn,
            "endless": self.endless,
            "broken": self.broken,
            "hopeless": self.hopeless,
            "flaky": self.flaky,
            "thread": self.in_thread,
            "deaf": self.deaf,
            "brief": self.brief,
            "process": hang_in_process,
            "nap": nap_in_process,
            "pid": tell_pid,
            "odd": self.odd,
        }

    def observe(self, event: str, task: Any) -> None:  # Any: see above
        self.events.append((event, task.task_id))

    def told(self, event: str) -> list[str]:
        """Return the ids of the tasks that had this event, in order."""
        return [task_id for name, task_id in self.events if name == event]

    async def quick(self, task_id: str, report_progress: ReportProgress) -> str:
        self.began.append(task_id)
        return "done"

    async def held(self, task_id: str, report_progress: ReportProgress) -> str:
        self.began.append(task_id)
        report_progress(50)
        await self.gate.wait()
        return "held"

    async def stubborn(self, task_id: str, report_progress: ReportProgress) -> str:
        self.began.append(task_id)
        with contextlib.suppress(asyncio.CancelledError):
            await self.gate.wait()
        return "stayed"

    async def endless(self, task_id: str, report_progress: ReportProgress) -> None:
        """Take a cancel for any other error, and go on."""
        while not self.gate.is_set():
            with contextlib.suppress(BaseException):
                await asyncio.sleep(0.01)

    async def broken(self, task_id: str, report_progress: ReportProgress) -> None:
        self.began.append(task_id)
        raise ValueError("broken")

    async def hopeless(self, task_id: str, report_progress: ReportProgress) -> None:
        raise WorkError("trying again cannot help")

    async def flaky(self, task_id: str, report_progress: ReportProgress) -> str:
        self.began.append(task_id)
        if self.began.count(task_id) < 3:
            raise ValueError("not yet")
        return "at last"

    def in_thread(self, task_id: str, report_progress: ReportProgress) -> None:
        self.began.append(task_id)
        while not self.gate.is_set():
            report_progress(10)
            time.sleep(0.01)

    def deaf(self, task_id: str, report_progress: ReportProgress) -> None:
        """Hang in a thread, and hear nothing until the test lets go."""
        self.began.append(task_id)
        self.release.wait(60)

    def brief(self, task_id: str, report_progress: ReportProgress) -> None:
        self.began.append(task_id)

    async def odd(self, task_id: str, report_progress: ReportProgress) -> object:
        return object()


def hang_in_process(task_id: str, report_progress: ReportProgress) -> None:
    report_progress(10)
    time.sleep(60)


def nap_in_process(task_id: str, report_progress: ReportProgress) -> None:
    time.sleep(0.6)


def tell_pid(task_id: str, report_progress: ReportProgress) -> int:
    return os.getpid()


def new_task(kind: str, task_id: str = "", **facts: Any) -> Any:  # Any: the fields of a task
    return Task(task_id or str(uuid4()), kind, {}, **facts)


@contextlib.asynccontextmanager
async def opened(jobs: Jobs, db: Path | None, **limits: Any) -> AsyncIterator[Any]:
    """Open a queue with short waits; it is closed without a drain."""
    limits = {"workers": 2, "processes": 1, "retry_base_s": 0.01, "lease_s": 1.0} | limits
    in_process = {"process", "pid", "nap"} if limits.pop("in_process", False) else set()
    usable = limits.pop("usable", True)
    open_store = store.choose_store(db)
    queue = job_queue.JobQueue(
        open_store, jobs.work, Limits(**limits), in_process, jobs.observe, jobs.forgotten.extend
    )
    try:
        if usable:
            await until("the queue can be used", lambda: can_be_used(queue))
        yield queue
    finally:
        jobs.gate.set()
        jobs.release.set()
        await queue.close(0)


async def can_be_used(queue: Any) -> bool:  # Any: a queue or a store
    """Tell whether the file is made and open; a slow disk may take its time."""
    try:
        await queue.metrics()
    except QueueUnavailable:
        return False
    return True


def killed(db: Path) -> Path:
    """Return what `kill -9` of every process would leave of the file at this moment: a copy.

    The queue that made it goes on with its own file, and knows nothing of the other.
    """
    copy = Path(tempfile.mkdtemp(dir=db.parent)) / db.name
    for suffix in ("", "-wal"):  # the rest is made anew
        shutil.copy(f"{db}{suffix}", f"{copy}{suffix}")
    return copy


async def until(claim: str, holds: Callable[[], Any], timeout_s: float = 20) -> None:
    """Wait on the event loop for a state; `holds` may be a coroutine function."""
    deadline = time.monotonic() + timeout_s
    while True:
        seen = holds()
        seen = await seen if asyncio.iscoroutine(seen) else seen
        if seen:
            return
        assert time.monotonic() < deadline, f"not after {timeout_s} s: {claim}; seen: {seen!r}"
        await asyncio.sleep(0.005)


async def ended(queue: Any, *tasks: Any) -> list[Any]:
    """Wait until the tasks have ended and return what the queue knows of them."""

    async def all_final() -> bool:
        found = [await queue.find(task.task_id) for task in tasks]
        return all(task and task.status.is_final for task in found)

    await until("the tasks have ended", all_final)
    return [await queue.find(task.task_id) for task in tasks]
