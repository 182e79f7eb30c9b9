"""Tasks a second that huey puts into SQLite, each fsynced; one thread or 64, what is better."""

import time
from pathlib import Path

from huey import SqliteHuey

from bench.program import run_program

from .producers import THREADS, produce


def enqueue(count: int, threads: int, path: Path) -> float:
    """Send `count` tasks; return tasks a second."""
    huey = SqliteHuey(filename=str(path), fsync=True)

    @huey.task()
    def noop() -> None:
        """Do nothing."""

    noop()  # makes the file
    start = time.perf_counter()
    produce(noop, count, threads)
    return count / (time.perf_counter() - start)


def measure(count: int, folder: Path) -> float:
    """Return tasks a second."""
    return max(enqueue(count, threads, folder / f"{threads}.db") for threads in THREADS)


if __name__ == "__main__":
    run_program(measure)
