"""Tasks a second through persist-queue in SQLite, each step fsynced: put, then taken and done.

It has no workers; one thread does all, as threads only wait for each other's lock.
"""

from pathlib import Path

from persistqueue import SQLiteAckQueue

from bench.program import run_program

from .producers import time_sending


def measure(count: int, folder: Path) -> dict[str, float]:
    """Return tasks a second, put and finished."""
    queue = SQLiteAckQueue(str(folder / "queue"), auto_commit=True)

    def finish() -> None:
        for _ in range(count):
            queue.ack(queue.get())

    return time_sending(lambda: queue.put("noop"), finish, count)


if __name__ == "__main__":
    run_program(measure)
