"""An idempotency key belongs to one request: to its route and its body, not to the key alone."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from scenarios.idempotency import KeyReused

from .queue_unit import Jobs, ended, new_task, opened, until

pytestmark = pytest.mark.anyio


async def put_all(queue: Any, tasks: list[Any]) -> list[Any]:
    return await asyncio.gather(*(queue.put(task) for task in tasks), return_exceptions=True)


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

        found = await put_all(queue, tasks)
        refused = [each for each in found if isinstance(each, KeyReused)]
        kept = {each.task_id for each in found if not isinstance(each, KeyReused)}
        (task_id,) = kept
        await until("it has ended", lambda: jobs.told("finished"))

    assert (len(refused), jobs.began) == (10, [task_id])


async def test_key_is_free_when_its_task_is_forgotten_and_not_before(
    jobs: Jobs, db: Path | None
) -> None:
    async with opened(jobs, db, workers=1, keep_s=0.3) as queue:
        first = await queue.put(new_task("held", key="a", fingerprint="one"))
        await asyncio.sleep(0.9)
        still = await queue.put(new_task("held", key="a", fingerprint="one"))
        jobs.gate.set()

        async def is_forgotten() -> bool:
            return await queue.find(first.task_id) is None

        await until("it is forgotten", is_forgotten)
        new = await queue.put(new_task("quick", key="a", fingerprint="two"))

    assert still.task_id == first.task_id
    assert new.task_id != first.task_id
