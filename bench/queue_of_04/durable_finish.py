"""No-op tasks a second through the durable queue of 04, 64 producers, enqueued to finished."""

import asyncio
import time
from pathlib import Path

from bench.program import run_program

from .custom_queue import JobQueue, Limits, NoOp, choose_store, produce


async def measure(count: int, folder: Path) -> float:
    """Put `count` tasks into a queue with 4 workers; return tasks a second."""
    job = NoOp(count)
    limits = Limits(workers=4, size=count)
    queue = JobQueue(choose_store(folder / "queue.db"), {"noop": job.run}, limits)
    await queue.metrics()  # makes the file
    start = time.perf_counter()
    await produce(queue.put, count)
    await job.all_ran.wait()
    while (await queue.metrics()).succeeded < count:  # noqa: ASYNC110 - until the last end is on disk
        await asyncio.sleep(0.001)
    rate = count / (time.perf_counter() - start)
    await queue.close(1)
    return rate


if __name__ == "__main__":
    run_program(measure)
