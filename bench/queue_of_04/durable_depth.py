"""Microseconds to enqueue and take one task in the durable queue of 04, few and many waiting.

As in use, 64 at a time share a commit: waiting for the disk would hide the rest otherwise.
"""

import asyncio
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from bench.program import run_program

from .custom_queue import SUCCEEDED, Limits, Task, sqlite_store

FEW, TIMED, TOGETHER, PRIORITIES = 1_000, 6_400, 64, 10
FILL = """WITH RECURSIVE numbers (n) AS (SELECT ? UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
    INSERT INTO tasks (task_id, kind, arguments, priority, queued_at)
    SELECT 'waits-' || n, 'noop', '{}', abs(random()) % 10, 0 FROM numbers"""
COUNT = "UPDATE counts SET tasks = tasks + ? WHERE status = 'queued'"


def fill(path: Path, first: int, last: int) -> None:
    """Add tasks that wait, past the queue: it is not what is measured."""
    with closing(sqlite3.connect(path, timeout=30)) as db, db:
        db.execute(FILL, (first, last))
        db.execute(COUNT, (last - first + 1,))


async def enqueue_and_take(path: Path, most: int, name: str) -> float:
    """Add and take 64 tasks in turn; return microseconds for each."""
    rng = random.Random(1)
    store = sqlite_store.SQLiteStore(path, Limits(size=2 * most), None, lambda task: None)
    await store.metrics()  # opens the file
    timed = min(TIMED, most)
    start = time.perf_counter()
    for first in range(0, timed, TOGETHER):
        numbers = range(first, first + TOGETHER)
        tasks = [Task(f"{name}-{n}", "noop", {}, rng.randrange(PRIORITIES)) for n in numbers]
        await asyncio.gather(*map(store.add, tasks))
        for task in await asyncio.gather(*(store.take() for _ in numbers)):
            store.end(task, SUCCEEDED)
    cost_us = (time.perf_counter() - start) / timed * 1e6
    await store.close([])
    return cost_us


def measure(count: int, folder: Path) -> dict[str, float]:
    """Return microseconds at 1 000 and at `count` waiting tasks."""
    path, few = folder / "queue.db", min(FEW, count // 2)
    asyncio.run(enqueue_and_take(path, count, "warm"))
    fill(path, 1, few)
    shallow = asyncio.run(enqueue_and_take(path, count, "shallow"))
    fill(path, few + 1, count)
    return {"deep": asyncio.run(enqueue_and_take(path, count, "deep")), "shallow": shallow}


if __name__ == "__main__":
    run_program(measure)
