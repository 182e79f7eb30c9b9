"""No-op tasks a second through huey with SQLite and fsync, 4 worker threads, sent to finished.

Sent from one thread or from 64, what is better.
"""

import itertools
import threading
import time
from pathlib import Path

from huey import SqliteHuey

from bench.program import run_program

from .producers import THREADS, produce


def finish(count: int, threads: int, path: Path) -> float:
    """Send `count` tasks to a running consumer; return tasks a second."""
    huey = SqliteHuey(filename=str(path), fsync=True)
    numbers = itertools.count(1)
    all_ran = threading.Event()

    @huey.task()
    def noop() -> None:
        if next(numbers) == count:
            all_ran.set()

    consumer = huey.create_consumer(workers=4, periodic=False, check_worker_health=False)
    consumer.start()
    start = time.perf_counter()
    produce(noop, count, threads)
    all_ran.wait()
    rate = count / (time.perf_counter() - start)
    consumer.stop(graceful=True)
    return rate


def measure(count: int, folder: Path) -> float:
    """Return tasks a second."""
    return max(finish(count, threads, folder / f"{threads}.db") for threads in THREADS)


if __name__ == "__main__":
    run_program(measure)
