"""Tasks a second that 64 producers put on disk, each awaiting its fsynced commit."""

import asyncio
import time
from pathlib import Path

from bench.program import run_program

from .custom_queue import Limits, Task, sqlite_store

PRODUCERS = 64


async def enqueue(count: int, folder: Path) -> float:
    """Put `count` tasks into a durable store that nobody takes from; return tasks a second."""
    limits = Limits(size=count + 1)
    store = sqlite_store.SQLiteStore(folder / "queue.db", limits, None, lambda task: None)
    await store.add(Task("first", "noop", {}))  # makes the file

    async def produce(producer: int) -> None:
        for number in range(producer, count, PRODUCERS):
            await store.add(Task(str(number), "noop", {}))

    start = time.perf_counter()
    await asyncio.gather(*map(produce, range(PRODUCERS)))
    rate = count / (time.perf_counter() - start)
    await store.close([])
    return rate


def measure(count: int, folder: Path) -> float:
    """Return tasks a second."""
    return asyncio.run(enqueue(count, folder))


if __name__ == "__main__":
    run_program(measure)
