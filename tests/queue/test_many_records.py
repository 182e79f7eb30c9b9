"""What is asked often costs the same however many tasks are remembered."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from scenarios.contract import Status

from .custom_queue.job_queue import JobQueue
from .queue_unit import Jobs, Short, new_task, opened

pytestmark = pytest.mark.anyio
MANY = 100_000
MORE_S = 0.001  # for one answer; to look at each task takes some of these
FILL = """WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
    INSERT INTO tasks (task_id, kind, arguments, priority, queued_at, status, finished_at, ended_at)
    SELECT 'ended-' || n, 'quick', '{}', 0, 0, 'failed', 0, 9e9 FROM numbers"""


async def remember(queue: JobQueue, db: Path | None) -> None:
    """Let the queue remember many tasks that failed, without running them."""
    if db:
        with closing(sqlite3.connect(db)) as file, file:
            file.execute(FILL, (MANY,))
            file.execute("UPDATE counts SET tasks = ? WHERE status = 'failed'", (MANY,))
        return
    tasks = [await queue.put(new_task("held")) for _ in range(MANY)]
    for task in tasks:
        if task.status is Status.RUNNING:
            queue.store.end(task, Status.FAILED, error="broken")
        else:
            await queue.cancel(task)


async def fastest_s(queue: JobQueue) -> float:
    """Return the time of the quickest of some answers: the machine may be busy."""
    times = []
    for _ in range(20):
        began = time.perf_counter()
        await queue.metrics()
        times.append(time.perf_counter() - began)
        await asyncio.sleep(0)
    return min(times)


async def test_metrics_take_the_same_time_with_many_ended_tasks(
    jobs: Jobs, db: Path | None
) -> None:
    async with opened(jobs, db, Short(keep=2 * MANY, size=2 * MANY)) as queue:
        few_s = await fastest_s(queue)
        await remember(queue, db)

        many_s = await fastest_s(queue)

    assert many_s < 3 * few_s + MORE_S


async def test_metrics_are_quick_while_many_tasks_wait(jobs: Jobs, tmp_path: Path) -> None:
    db = tmp_path / "queue.sqlite"
    async with opened(jobs, db, Short(workers=1, size=2 * MANY)) as queue:
        await queue.put(new_task("held", priority=9))
        few_s = await fastest_s(queue)
        with closing(sqlite3.connect(db, timeout=10)) as file, file:
            file.execute(FILL.replace("'failed', 0, 9e9", "'queued', NULL, NULL"), (MANY,))
            file.execute("UPDATE counts SET tasks = ? WHERE status = 'queued'", (MANY,))

        many_s = await fastest_s(queue)
        queued = (await queue.metrics()).queued

    assert queued == MANY
    assert many_s < 3 * few_s + MORE_S
