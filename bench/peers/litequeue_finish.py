"""Tasks a second through litequeue in SQLite, each step fsynced: put, then taken and done.

It has no workers and its connection takes no threads, so one thread does all.
"""

from pathlib import Path

from litequeue import LiteQueue

from bench.program import run_program

from .producers import time_sending


def measure(count: int, folder: Path) -> dict[str, float]:
    """Return tasks a second, put and finished."""
    queue = LiteQueue(folder / "queue.db")
    queue.conn.execute("PRAGMA synchronous = FULL")

    def finish() -> None:
        for _ in range(count):
            queue.done(queue.pop().message_id)

    return time_sending(lambda: queue.put("noop"), finish, count)


if __name__ == "__main__":
    run_program(measure)
