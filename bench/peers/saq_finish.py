"""Tasks a second that saq sends to Valkey, and no-op tasks with one worker process."""

import os
from pathlib import Path
from typing import Any

from saq import Queue

from bench.program import run_program

from .producers import time_producers
from .worker_process import worker_process

WORKER = ["saq", "bench.peers.saq_finish.settings"]


async def noop(_: Any) -> None:
    """Do nothing."""


queue = Queue.from_url(os.environ.get("REDIS_URL", "redis://"), name="bench-saq")
settings = {"queue": queue, "functions": [noop], "concurrency": 10}


async def measure(count: int, folder: Path) -> dict[str, float]:
    """Return jobs a second, sent and finished."""
    await queue.connect()
    with worker_process(WORKER, folder):
        rates = await time_producers(
            lambda: queue.enqueue("noop"), lambda: queue.count("incomplete"), count
        )
    await queue.disconnect()
    return rates


if __name__ == "__main__":
    run_program(measure)
