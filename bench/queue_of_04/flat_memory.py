"""Growth of resident memory while tasks go through the memory queue of 04, in MB of 10^6 bytes.

The first tenth is not counted: until then the queue fills its memory of ended tasks.
"""

import asyncio
from pathlib import Path
from uuid import uuid4

import psutil

from bench.program import run_program

from .custom_queue import JobQueue, Limits, MemoryStore, NoOp, Task

BATCH = 1000


async def measure(count: int, folder: Path) -> float:
    """Put `count` tasks, a batch at a time; return the growth after the first tenth."""
    process = psutil.Process()
    job = NoOp(0)
    queue = JobQueue(MemoryStore, {"noop": job.run}, Limits(workers=4, size=BATCH))
    batch = min(BATCH, count // 20)
    sizes = []
    for first in range(0, count, batch):
        for _ in range(batch):
            await queue.put(Task(str(uuid4()), "noop", {}))
        while (await queue.metrics()).queued:  # noqa: ASYNC110 - no event tells of an empty queue
            await asyncio.sleep(0)
        if first >= count // 10:
            sizes.append(process.memory_info().rss)
    await queue.close(1)
    return float(max(sizes) - sizes[0]) / 1e6


if __name__ == "__main__":
    run_program(measure)
