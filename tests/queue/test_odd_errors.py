"""A job may raise anything: its task ends, a sentence says why, and its worker lives on."""

import asyncio
import pickle
from pathlib import Path

import pytest

from scenarios.contract import Status
from scenarios.errors import WorkError
from scenarios.status import ReportProgress

from .custom_queue.job_queue import Task, Work
from .custom_queue.processes import portable
from .queue_unit import Jobs, Short, ended, new_task, opened, until

pytestmark = pytest.mark.anyio


class Speechless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("a bug in the error itself")


class Panic(BaseException):
    """What libraries in Rust raise is no `Exception`."""


class TwoFacts(WorkError):
    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")


ODD = [Speechless, asyncio.CancelledError, Panic, SystemExit, StopIteration]


def raises(error: type[BaseException], *, in_thread: bool) -> Work:
    def work(task_id: str, report_progress: ReportProgress) -> None:
        raise error

    async def work_on_loop(task_id: str, report_progress: ReportProgress) -> None:
        raise error

    return work if in_thread else work_on_loop


@pytest.mark.parametrize("in_thread", [False, True], ids=["loop", "thread"])
async def test_whatever_a_job_raises_its_worker_lives_on(
    jobs: Jobs, db: Path | None, in_thread: bool
) -> None:
    jobs.work |= {each.__name__: raises(each, in_thread=in_thread) for each in ODD}

    async with opened(jobs, db, Short(workers=1, max_attempts=2)) as queue:
        bad = [await queue.put(new_task(each.__name__)) for each in ODD]
        good = await queue.put(new_task("quick"))
        found = await ended(queue, *bad, good)
        workers = (await queue.metrics()).workers

    failed, succeeded = found[:-1], found[-1]
    assert [(task.status, task.attempts) for task in failed] == [(Status.FAILED, 2)] * len(ODD)
    assert all(task.kind in (task.error or "") for task in failed), [task.error for task in failed]
    assert succeeded.status is Status.SUCCEEDED
    assert workers == 1


def test_error_of_another_process_arrives_as_what_it_meant() -> None:
    broken = portable(TwoFacts("row 3", "no date"))
    hidden = portable(Speechless())
    plain = portable(ValueError("x"))

    assert str(pickle.loads(pickle.dumps(broken))) == "TwoFacts: row 3: no date"
    assert type(broken) is WorkError  # trying again is as useless as it was
    assert type(hidden) is Speechless
    assert (type(plain), str(plain)) == (ValueError, "x")


@pytest.mark.parametrize(
    "event", ["accepted", "started", "retried", "finished", "cancelled", "failed"]
)
async def test_observer_that_fails_stops_no_task_and_no_worker(
    jobs: Jobs, db: Path | None, event: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def observe(seen: str, task: Task) -> None:
        if seen == event:
            raise OSError("the disk is read-only")

    monkeypatch.setattr(jobs, "observe", observe)

    async with opened(jobs, db, Short(workers=1)) as queue:
        held = await queue.put(new_task("held"))
        await until("it runs", lambda: jobs.began)
        assert await queue.cancel(held)
        kinds = ["flaky", "hopeless", "quick"]
        found = await ended(queue, *[await queue.put(new_task(kind)) for kind in kinds])
        metrics = await queue.metrics()

    wanted = [Status.SUCCEEDED, Status.FAILED, Status.SUCCEEDED]
    assert [task.status for task in found] == wanted
    assert (metrics.queued, metrics.running, metrics.succeeded, metrics.failed) == (0, 0, 2, 1)
