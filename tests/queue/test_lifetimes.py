"""Nothing of an open task expires, all of an ended one goes together."""

import asyncio
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from scenarios.contract import Status
from scenarios.status import ReportProgress

from .queue_unit import Jobs, Short, ended, is_forgotten, killed, known, new_task, opened, until

pytestmark = pytest.mark.anyio
KEEP_S = 0.2
OUTAGE_S = 10 * KEEP_S


async def test_open_tasks_outlive_what_is_kept_of_ended_ones(jobs: Jobs, db: Path | None) -> None:
    async with opened(jobs, db, Short(workers=1, keep_s=KEEP_S, retry_base_s=OUTAGE_S)) as queue:
        retried = await queue.put(new_task("broken", priority=2))
        await until("it waits for its retry", lambda: jobs.told("retried"))
        running = await queue.put(new_task("held", priority=1))
        waiting = await queue.put(new_task("quick", key="a"))
        delayed = await queue.put(new_task("quick", delay_s=60))
        tasks = [retried, running, waiting, delayed]

        await asyncio.sleep(OUTAGE_S / 2)
        kept = [await known(queue, task) for task in tasks]
        again = await queue.put(new_task("quick", key="a"))

    assert [task.task_id for task in kept] == [task.task_id for task in tasks]
    assert again.task_id == waiting.task_id
    assert jobs.forgotten == []


async def test_ended_task_goes_with_its_files_though_nobody_asks(
    jobs: Jobs, db: Path | None
) -> None:
    async with opened(jobs, db, Short(keep_s=KEEP_S)) as queue:
        tasks = [await queue.put(new_task("quick")) for _ in range(5)]
        task_ids = {task.task_id for task in tasks}

        await until("their files are forgotten", lambda: set(jobs.forgotten) == task_ids)
        found = [await queue.find(task.task_id) for task in tasks]

    assert found == [None] * 5


class Batches(list[str]):
    """The ids that were forgotten, and how many came at once."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def extend(self, ids: Iterable[str]) -> None:
        new = list(ids)
        self.sizes.append(len(new))
        super().extend(new)


async def test_many_that_ended_together_go_a_few_at_a_time(jobs: Jobs, db: Path | None) -> None:
    jobs.forgotten = batches = Batches()
    async with opened(jobs, db, Short(keep_s=KEEP_S)) as queue:
        tasks = await asyncio.gather(*(queue.put(new_task("quick")) for _ in range(450)))

        await until("all are forgotten", lambda: len(batches) == len(tasks))

    assert sorted(batches) == sorted(task.task_id for task in tasks)
    assert max(batches.sizes) <= 200  # some milliseconds for the disk, and for those who wait


async def test_dead_letter_that_is_put_back_lives_on(jobs: Jobs, db: Path | None) -> None:
    async with opened(jobs, db, Short(workers=1, keep_s=KEEP_S * 2)) as queue:
        (failed,) = await ended(queue, await queue.put(new_task("hopeless")))
        await queue.put(new_task("held", priority=9))
        await until("the worker is busy", lambda: jobs.began)

        assert await queue.store.put_back(failed.task_id)
        await asyncio.sleep(OUTAGE_S)
        kept = (await known(queue, failed)).status
        files = list(jobs.forgotten)
        jobs.gate.set()
        await until("it is forgotten", lambda: is_forgotten(queue, failed))

    assert kept is Status.QUEUED
    assert failed.task_id not in files


def set_back_a_day(db: Path) -> None:
    """Let the file look as if nobody had used it for a day."""
    with closing(sqlite3.connect(db)) as file, file:
        file.execute(
            "UPDATE tasks SET queued_at = queued_at - 86400, started_at = started_at - 86400,"
            " finished_at = finished_at - 86400, ended_at = ended_at - 86400, ready = ready - 86400"
        )
        file.execute("UPDATE clock SET seen = seen - 86400")


async def test_open_tasks_outlive_a_day_without_a_process(tmp_path: Path) -> None:
    db, first, second, third = tmp_path / "queue.sqlite", Jobs(), Jobs(), Jobs()
    async with opened(first, db, Short(workers=1, keep_s=1)) as queue:
        (over,) = await ended(queue, await queue.put(new_task("quick", key="over")))
        running = await queue.put(new_task("held", priority=1))
        waiting = await queue.put(new_task("quick", key="a"))
        await until("it runs", lambda: running.task_id in first.began)
        db = killed(db)
    set_back_a_day(db)

    second.gate.set()
    async with opened(second, db, Short(keep_s=1)) as queue, opened(third, db, Short(keep_s=1)):
        again = await queue.put(new_task("quick", key="a"))
        await until("the old one is forgotten", lambda: second.forgotten + third.forgotten)
        gone = set(second.forgotten + third.forgotten)

        async def all_ran() -> bool:
            third.gate.set()
            return {running.task_id, waiting.task_id} <= {*second.began, *third.began}

        await until("the open ones ran", all_ran)

    assert again.task_id == waiting.task_id
    assert gone == {over.task_id}


async def test_memory_of_ended_tasks_is_bounded_by_their_size(jobs: Jobs) -> None:
    body = {"body": "x" * 100_000}

    async def fail(task_id: str, body: str, report_progress: ReportProgress) -> None:
        raise ValueError("no")

    jobs.work["large"] = fail
    async with opened(jobs, None, Short(keep_bytes=1_000_000, max_attempts=1)) as queue:
        tasks = [new_task("large") for _ in range(50)]
        for task in tasks:
            task.arguments = dict(body)
            await queue.put(task)
        await until("all have failed", lambda: len(jobs.told("failed")) == 50)
        kept = [task for task in tasks if await queue.find(task.task_id)]
        failed = (await queue.metrics()).failed

    assert kept == tasks[-len(kept) :]
    assert len(kept) == failed == 9
