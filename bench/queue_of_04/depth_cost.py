"""Microseconds to enqueue and take one task while COUNT others wait in the memory queue of 04."""

import random
import time
from pathlib import Path

from bench.program import run_program

from .custom_queue import SUCCEEDED, Limits, MemoryStore, Task

TIMED = 50_000
PRIORITIES = 10


async def measure(count: int, folder: Path) -> float:
    """Fill to `count`, then add and take in turn; return microseconds a pair."""
    rng = random.Random(1)
    store = MemoryStore(Limits(size=count + TIMED), None, lambda task: None)
    for number in range(count):
        await store.add(Task(f"waits-{number}", "noop", {}, rng.randrange(PRIORITIES)))
    tasks = [Task(str(n), "noop", {}, rng.randrange(PRIORITIES)) for n in range(TIMED)]
    start = time.perf_counter()
    for task in tasks:
        await store.add(task)
        store.end(await store.take(), SUCCEEDED)
    return (time.perf_counter() - start) / TIMED * 1e6


if __name__ == "__main__":
    run_program(measure)
