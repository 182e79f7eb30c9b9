"""Tasks a second through persist-queue in SQLite, each step fsynced: put, then taken and done.

It has no workers; one thread does all, as threads only wait for each other's lock.
"""

import time
from pathlib import Path

from persistqueue import SQLiteAckQueue

from bench.program import run_program


def measure(count: int, folder: Path) -> dict[str, float]:
    """Return tasks a second, put and finished."""
    queue = SQLiteAckQueue(str(folder / "queue"), auto_commit=True)
    start = time.perf_counter()
    for _ in range(count):
        queue.put("noop")
    put_s = time.perf_counter() - start
    for _ in range(count):
        queue.ack(queue.get())
    return {"enqueue": count / put_s, "finish": count / (time.perf_counter() - start)}


if __name__ == "__main__":
    run_program(measure)
