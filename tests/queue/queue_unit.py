"""The queue of 04 as a unit, without HTTP: jobs to steer, and a queue to open.

No statement can import a folder whose name begins with a digit, so `custom_queue` beside this file
is a link to it, which mypy follows too.
"""

import asyncio
import contextlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from scenarios.contract import JSONDict
from scenarios.errors import WorkError
from scenarios.status import JobStopped, ReportProgress

from .custom_queue.job_queue import JobQueue, Limits, QueueUnavailable, Task, Work
from .custom_queue.store import Store, choose_store


@dataclass(frozen=True)
class Short(Limits):
    """Few workers and short waits."""

    workers: int = 2
    processes: int = 1
    retry_base_s: float = 0.01
    lease_s: float = 1.0


class Jobs:
    """Jobs that note that they run, and wait until the test lets them go on."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.stopped: list[str] = []  # in their thread
        self.events: list[tuple[str, str]] = []
        self.gate = asyncio.Event()
        self.release = threading.Event()
        self.forgotten: list[str] = []
        self.work: dict[str, Work] = {
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
        }

    def observe(self, event: str, task: Task) -> None:
        self.events.append((event, task.task_id))

    def told(self, event: str) -> list[str]:
        """Return the ids of the tasks that had this event, in order."""
        return [task_id for name, task_id in self.events if name == event]

    async def quick(self, task_id: str, report_progress: ReportProgress) -> JSONDict:
        self.began.append(task_id)
        return {"said": "done"}

    async def held(self, task_id: str, report_progress: ReportProgress) -> JSONDict:
        self.began.append(task_id)
        report_progress(50)
        await self.gate.wait()
        return {"said": "held"}

    async def stubborn(self, task_id: str, report_progress: ReportProgress) -> JSONDict:
        self.began.append(task_id)
        with contextlib.suppress(asyncio.CancelledError):
            await self.gate.wait()
        return {"said": "stayed"}

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

    async def flaky(self, task_id: str, report_progress: ReportProgress) -> JSONDict:
        self.began.append(task_id)
        if self.began.count(task_id) < 3:
            raise ValueError("not yet")
        return {"said": "at last"}

    def in_thread(self, task_id: str, report_progress: ReportProgress) -> None:
        self.began.append(task_id)
        try:
            while not self.gate.is_set():
                report_progress(10)
                time.sleep(0.01)
        except JobStopped:
            self.stopped.append(task_id)
            raise

    def deaf(self, task_id: str, report_progress: ReportProgress) -> None:
        """Hang in a thread, and hear nothing until the test lets go."""
        self.began.append(task_id)
        self.release.wait(60)

    def brief(self, task_id: str, report_progress: ReportProgress) -> None:
        self.began.append(task_id)


def hang_in_process(task_id: str, report_progress: ReportProgress) -> None:
    report_progress(10)
    time.sleep(60)


def nap_in_process(task_id: str, report_progress: ReportProgress) -> None:
    time.sleep(0.6)


def tell_pid(task_id: str, report_progress: ReportProgress) -> JSONDict:
    return {"pid": os.getpid()}


def new_task(
    kind: str,
    task_id: str = "",
    *,
    priority: int = 0,
    key: str | None = None,
    fingerprint: str | None = None,
    due: float = 0,
    delay_s: float = 0,
) -> Task:
    task_id = task_id or str(uuid4())
    return Task(task_id, kind, {}, priority, key, fingerprint, due, delay_s)


@contextlib.asynccontextmanager
async def opened(
    jobs: Jobs,
    db: Path | None,
    limits: Limits = Short(),
    *,
    in_process: bool = False,
    usable: bool = True,
) -> AsyncIterator[JobQueue]:
    """Open a queue with short waits; it is closed without a drain."""
    kinds = {"process", "pid", "nap"} if in_process else set[str]()
    queue = JobQueue(
        choose_store(db), jobs.work, limits, kinds, jobs.observe, jobs.forgotten.extend
    )
    try:
        if usable:
            await until("the queue can be used", lambda: can_be_used(queue))
        yield queue
    finally:
        jobs.gate.set()
        jobs.release.set()
        await queue.close(0)


async def can_be_used(queue: JobQueue | Store) -> bool:
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


async def until(
    claim: str, holds: Callable[[], object | Awaitable[object]], timeout_s: float = 20
) -> None:
    """Wait on the event loop for a state; `holds` may be a coroutine function."""
    deadline = time.monotonic() + timeout_s
    while True:
        seen = holds()
        seen = await seen if isinstance(seen, Awaitable) else seen
        if seen:
            return
        assert time.monotonic() < deadline, f"not after {timeout_s} s: {claim}; seen: {seen!r}"
        await asyncio.sleep(0.005)


async def known(queue: JobQueue, task: Task) -> Task:
    """Return what the queue knows of a task that it has not forgotten."""
    found = await queue.find(task.task_id)
    assert found
    return found


async def is_forgotten(queue: JobQueue, task: Task) -> bool:
    return await queue.find(task.task_id) is None


async def ended(queue: JobQueue, *tasks: Task) -> list[Task]:
    """Wait until the tasks have ended and return what the queue knows of them."""

    async def have_ended() -> bool:
        return all([(await known(queue, task)).status.is_final for task in tasks])

    await until("the tasks have ended", have_ended)
    return [await known(queue, task) for task in tasks]
