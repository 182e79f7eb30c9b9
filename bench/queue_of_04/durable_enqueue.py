"""Tasks a second that 64 producers put on disk, each awaiting its fsynced commit."""

import time
from pathlib import Path

from bench.program import run_program

from .custom_queue import Limits, Task, produce, sqlite_store


async def measure(count: int, folder: Path) -> float:
    """Put `count` tasks into a durable store that nobody takes from; return tasks a second."""
    limits = Limits(size=count + 1)
    store = sqlite_store.SQLiteStore(folder / "queue.db", limits, None, lambda task: None)
    await store.add(Task("first", "noop", {}))  # makes the file
    start = time.perf_counter()
    await produce(store.add, count)
    rate = count / (time.perf_counter() - start)
    await store.close([])
    return rate


if __name__ == "__main__":
    run_program(measure)
