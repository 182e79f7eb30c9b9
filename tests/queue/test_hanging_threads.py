"""Jobs that hang in a thread cost a worker at most, and never the time of another job."""

from pathlib import Path

import pytest

from scenarios.contract import Status

from .custom_queue.job_queue import JobQueue
from .queue_unit import Jobs, Short, ended, known, new_task, opened, until

pytestmark = pytest.mark.anyio


async def hang(queue: JobQueue, count: int) -> None:
    deaf = [await queue.put(new_task("deaf", priority=9)) for _ in range(count)]
    for task in await ended(queue, *deaf):
        assert (task.status, task.error) == (Status.FAILED, "the job took longer than 0.2 s")


async def test_threads_that_hang_are_replaced(jobs: Jobs, db: Path | None) -> None:
    async with opened(jobs, db, Short(timeout_s=0.2, spare_threads=4)) as queue:
        await hang(queue, 4)

        tasks = await ended(queue, *[await queue.put(new_task("brief")) for _ in range(4)])
        workers = (await queue.metrics()).workers

    assert [(task.status, task.attempts) for task in tasks] == [(Status.SUCCEEDED, 1)] * 4
    assert workers == 2


async def test_jobs_wait_when_too_many_threads_hang_and_run_when_one_comes_back(
    jobs: Jobs, db: Path | None
) -> None:
    async with opened(jobs, db, Short(timeout_s=0.2, spare_threads=1)) as queue:
        await hang(queue, 3)
        healthy = [await queue.put(new_task("brief")) for _ in range(2)]

        async def all_workers_are_lost() -> bool:
            return bool((await queue.metrics()).workers == 0)

        await until("no worker is left", all_workers_are_lost)
        waiting = [(await known(queue, task)).status for task in healthy]
        jobs.release.set()
        found = await ended(queue, *healthy)
        workers = (await queue.metrics()).workers

    assert waiting == [Status.QUEUED] * 2
    assert [(task.status, task.attempts) for task in found] == [(Status.SUCCEEDED, 1)] * 2
    assert workers == 2


async def test_worker_whose_job_heeds_no_cancel_counts_as_lost_until_it_ends(
    jobs: Jobs, db: Path | None
) -> None:
    async with opened(jobs, db, Short(workers=1, timeout_s=0.2)) as queue:
        await ended(queue, await queue.put(new_task("endless")))
        healthy = await queue.put(new_task("quick"))

        async def no_worker_is_left() -> bool:
            return bool((await queue.metrics()).workers == 0)

        await until("no worker is left", no_worker_is_left)
        jobs.gate.set()
        [task] = await ended(queue, healthy)
        workers = (await queue.metrics()).workers

    assert task.status is Status.SUCCEEDED
    assert workers == 1


async def test_time_of_a_job_does_not_run_while_it_waits_for_a_process(
    jobs: Jobs, db: Path | None
) -> None:
    async with opened(jobs, db, Short(workers=3, timeout_s=1.1), in_process=True) as queue:
        naps = [await queue.put(new_task("nap")) for _ in range(3)]

        found = await ended(queue, *naps)

    assert [(task.status, task.error) for task in found] == [(Status.SUCCEEDED, None)] * 3
