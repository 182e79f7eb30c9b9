"""Tasks a second that arq sends to Valkey, and no-op tasks with one worker process."""

import os
from pathlib import Path
from typing import Any, ClassVar

from arq import create_pool
from arq.connections import RedisSettings

from bench.program import run_program

from .producers import time_producers
from .worker_process import worker_process

QUEUE = "bench-arq"
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


async def measure(count: int, folder: Path) -> dict[str, float]:
    """Return jobs a second, sent and finished."""
    pool = await create_pool(Worker.redis_settings, default_queue_name=QUEUE)
    with worker_process(WORKER, folder):
        rates = await time_producers(
            lambda: pool.enqueue_job("noop"), lambda: pool.zcard(QUEUE), count
        )
    await pool.aclose()
    return rates


if __name__ == "__main__":
    run_program(measure)
