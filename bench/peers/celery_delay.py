"""Tasks a second that Celery's `.delay()` sends to Valkey; one thread or 64, what is better."""

import time
from pathlib import Path

from bench.program import run_program

from .celery_app import app, noop
from .producers import THREADS, produce


def send(count: int, threads: int) -> float:
    """Send `count` tasks; return tasks a second."""
    produce(noop.delay, threads, threads)  # opens the connections
    start = time.perf_counter()
    produce(noop.delay, count, threads)
    return count / (time.perf_counter() - start)


def measure(count: int, folder: Path) -> float:
    """Return tasks a second."""
    app.control.purge()
    rate = max(send(count, threads) for threads in THREADS)
    app.control.purge()
    return rate


if __name__ == "__main__":
    run_program(measure)
