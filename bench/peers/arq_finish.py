"""Tasks a second that arq sends to Valkey, and no-op tasks with one worker process.

64 producers on one event loop, as in the queue of 04.
"""

import asyncio
import os
import time
from pathlib import Path
from typing import Any, ClassVar

from arq import create_pool
from arq.connections import RedisSettings

from bench.program import run_program

from .worker_process import worker_process

PRODUCERS, QUEUE = 64, "bench-arq"
WORKER = ["arq", "bench.peers.arq_finish.Worker"]


async def noop(_: Any) -> None:
    """Do nothing."""


class Worker:
    """What `arq` reads; looks for jobs more often than every half second, its default."""

    functions: ClassVar = [noop]
    redis_settings = RedisSettings.from_dsn(os.environ.get("REDIS_URL", "redis://"))
    queue_name = QUEUE
    poll_delay = 0.01
    max_jobs = 64


async def send_and_finish(count: int) -> dict[str, float]:
    """Return jobs a second, sent and finished."""
    pool = await create_pool(Worker.redis_settings, default_queue_name=QUEUE)

    async def produce(jobs: int) -> None:
        for _ in range(jobs):
            await pool.enqueue_job("noop")

    async def drain() -> None:
        async with asyncio.timeout(40):
            while await pool.zcard(QUEUE):  # noqa: ASYNC110 - arq tells of single jobs only
                await asyncio.sleep(0.005)

    await produce(1)
    await drain()  # the worker is ready
    start = time.perf_counter()
    await asyncio.gather(*(produce(count // PRODUCERS) for _ in range(PRODUCERS)))
    sent_s = time.perf_counter() - start
    await drain()
    rates = {"enqueue": count / sent_s, "finish": count / (time.perf_counter() - start)}
    await pool.aclose()
    return rates


def measure(count: int, folder: Path) -> dict[str, float]:
    """Return jobs a second, sent and finished."""
    with worker_process(WORKER, folder):
        return asyncio.run(send_and_finish(count))


if __name__ == "__main__":
    run_program(measure)
