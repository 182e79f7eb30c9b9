"""Tasks a second that saq sends to Valkey, and no-op tasks with one worker process.

64 producers on one event loop, as in the queue of 04.
"""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

from saq import Queue

from bench.program import run_program

from .worker_process import worker_process

PRODUCERS = 64
WORKER = ["saq", "bench.peers.saq_finish.settings"]


async def noop(_: Any) -> None:
    """Do nothing."""


queue = Queue.from_url(os.environ.get("REDIS_URL", "redis://"), name="bench-saq")
settings = {"queue": queue, "functions": [noop], "concurrency": 10}


async def drain() -> None:
    """Wait until every job has ended."""
    async with asyncio.timeout(40):
        while await queue.count("incomplete"):  # noqa: ASYNC110 - saq tells of single jobs only
            await asyncio.sleep(0.005)


async def produce(count: int) -> None:
    """Send `count` jobs."""
    for _ in range(count):
        await queue.enqueue("noop")


async def send_and_finish(count: int) -> dict[str, float]:
    """Return jobs a second, sent and finished."""
    await queue.connect()
    await produce(1)
    await drain()  # the worker is ready
    start = time.perf_counter()
    await asyncio.gather(*(produce(count // PRODUCERS) for _ in range(PRODUCERS)))
    sent_s = time.perf_counter() - start
    await drain()
    rates = {"enqueue": count / sent_s, "finish": count / (time.perf_counter() - start)}
    await queue.disconnect()
    return rates


def measure(count: int, folder: Path) -> dict[str, float]:
    """Return jobs a second, sent and finished."""
    with worker_process(WORKER, folder):
        return asyncio.run(send_and_finish(count))


if __name__ == "__main__":
    run_program(measure)
