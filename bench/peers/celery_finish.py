"""No-op tasks a second through Celery with one worker process, sent to finished."""

import time
from pathlib import Path

from bench.program import run_program

from .celery_app import app, noop
from .worker_process import worker_process

WORKER = ["celery", "-A", "bench.peers.celery_app", "worker", "--concurrency", "1"]
QUIET = ["--loglevel", "ERROR", "--without-gossip", "--without-mingle"]
DEADLINE_S = 60


def measure(count: int, folder: Path) -> float:
    """Return tasks a second."""
    app.control.purge()
    with worker_process([*WORKER, *QUIET], folder):
        noop.delay().get(timeout=DEADLINE_S)  # the worker is ready
        start = time.perf_counter()
        for _ in range(count - 1):
            noop.delay()
        noop.delay().get(timeout=DEADLINE_S)  # one process runs them in their order
        return count / (time.perf_counter() - start)


if __name__ == "__main__":
    run_program(measure)
