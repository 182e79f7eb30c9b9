"""Tasks a second through litequeue in SQLite, each step fsynced: put, then taken and done.

It has no workers and its connection takes no threads, so one thread does all.
"""

import time
from pathlib import Path

from litequeue import LiteQueue

from bench.program import run_program


def measure(count: int, folder: Path) -> dict[str, float]:
    """Return tasks a second, put and finished."""
    queue = LiteQueue(folder / "queue.db")
    queue.conn.execute("PRAGMA synchronous = FULL")
    start = time.perf_counter()
    for _ in range(count):
        queue.put("noop")
    put_s = time.perf_counter() - start
    for _ in range(count):
        queue.done(queue.pop().message_id)
    return {"enqueue": count / put_s, "finish": count / (time.perf_counter() - start)}


if __name__ == "__main__":
    run_program(measure)
