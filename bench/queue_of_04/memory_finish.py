"""No-op tasks a second through the memory queue of 04, enqueued to finished."""

import time
from pathlib import Path

from bench.program import run_program

from .custom_queue import JobQueue, Limits, MemoryStore, NoOp, Task


async def measure(count: int, folder: Path) -> float:
    """Put `count` tasks into a queue with 4 workers; return tasks a second."""
    job = NoOp(count)
    queue = JobQueue(MemoryStore, {"noop": job.run}, Limits(workers=4, size=count))
    start = time.perf_counter()
    for number in range(count):
        await queue.put(Task(str(number), "noop", {}))
    await job.all_ran.wait()
    rate = count / (time.perf_counter() - start)
    await queue.close(1)
    return rate


if __name__ == "__main__":
    run_program(measure)
