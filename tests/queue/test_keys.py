"""An idempotency key belongs to one request: to its route and its body, not to the key alone."""

import asyncio
from pathlib import Path

import pytest

from scenarios.idempotency import KeyReused

from .custom_queue.job_queue import Task
from .queue_unit import Jobs, Short, ended, is_forgotten, new_task, opened, until

pytestmark = pytest.mark.anyio


async def test_same_key_for_another_request_is_refused(jobs: Jobs, db: Path | None) -> None:
    async with opened(jobs, db) as queue:
        first = await queue.put(new_task("quick", key="a", fingerprint="one"))

        with pytest.raises(KeyReused):
            await queue.put(new_task("quick", key="a", fingerprint="two"))
        await ended(queue, first)
        with pytest.raises(KeyReused):
            await queue.put(new_task("quick", key="a", fingerprint="two"))
        again = await queue.put(new_task("quick", key="a", fingerprint="one"))

    assert again.task_id == first.task_id
    assert jobs.began == [first.task_id]


async def test_of_twenty_requests_at_once_one_becomes_a_task(jobs: Jobs, db: Path | None) -> None:
    async with opened(jobs, db) as queue:
        tasks = [new_task("quick", key="a", fingerprint=str(n % 2)) for n in range(20)]

        puts = [queue.put(task) for task in tasks]
        found = await asyncio.gather(*puts, return_exceptions=True)
        refused = [each for each in found if isinstance(each, KeyReused)]
        kept = {each.task_id for each in found if isinstance(each, Task)}
        (task_id,) = kept
        await until("it has ended", lambda: jobs.told("finished"))

    assert (len(refused), jobs.began) == (10, [task_id])


async def test_key_is_free_when_its_task_is_forgotten_and_not_before(
    jobs: Jobs, db: Path | None
) -> None:
    async with opened(jobs, db, Short(workers=1, keep_s=0.3)) as queue:
        first = await queue.put(new_task("held", key="a", fingerprint="one"))
        await asyncio.sleep(0.9)
        still = await queue.put(new_task("held", key="a", fingerprint="one"))
        jobs.gate.set()

        await until("it is forgotten", lambda: is_forgotten(queue, first))
        new = await queue.put(new_task("quick", key="a", fingerprint="two"))

    assert still.task_id == first.task_id
    assert new.task_id != first.task_id
