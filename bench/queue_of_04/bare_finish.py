"""No-op tasks a second through a bare `asyncio.PriorityQueue` with 4 consumers."""

import asyncio
import time
from pathlib import Path

from bench.program import run_program


async def noop() -> None:
    """Do nothing."""


async def consume(queue: asyncio.PriorityQueue[tuple[int, int]]) -> None:
    """Run a no-op for each entry, for ever."""
    while True:
        await queue.get()
        await noop()
        queue.task_done()


async def measure(count: int, folder: Path) -> float:
    """Put `count` entries into the queue; return entries a second."""
    queue: asyncio.PriorityQueue[tuple[int, int]] = asyncio.PriorityQueue()
    consumers = [asyncio.create_task(consume(queue)) for _ in range(4)]
    start = time.perf_counter()
    for number in range(count):
        await queue.put((0, number))
    await queue.join()
    rate = count / (time.perf_counter() - start)
    for consumer in consumers:
        consumer.cancel()
    return rate


if __name__ == "__main__":
    run_program(measure)
