"""Tasks a second that RQ sends to Valkey, and no-op tasks with one worker process.

The worker that forks for each job is several times slower; this is the one that does not.
"""

import os
from pathlib import Path

from redis import Redis
from rq import Queue

from bench.program import run_program

from .worker_process import time_worker, worker_process

NAME = "bench-rq"
WORKER = ["rq.cli", "worker", NAME, "--worker-class", "rq.SimpleWorker", "--quiet"]


def noop() -> None:
    """Do nothing."""


def measure(count: int, folder: Path) -> dict[str, float]:
    """Return tasks a second, sent and finished."""
    url = os.environ["REDIS_URL"]
    queue = Queue(NAME, connection=Redis.from_url(url))
    queue.empty()

    def is_drained() -> bool:
        return not queue.count and not queue.started_job_registry.get_job_count(cleanup=False)

    with worker_process([*WORKER, "--url", url], folder):
        return time_worker(lambda: queue.enqueue("bench.peers.rq_finish.noop"), is_drained, count)


if __name__ == "__main__":
    run_program(measure)
