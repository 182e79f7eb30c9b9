"""A peer's worker in a process of its own, and the time until all that was sent has ended."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .producers import DEADLINE_S, POLL_S, time_sending


@contextmanager
def worker_process(words: Sequence[str], folder: Path) -> Iterator[None]:
    """Run `python -m` with these words, from the root of the repository."""
    with (folder / "worker.log").open("w") as log:
        worker = subprocess.Popen([sys.executable, "-m", *words], stdout=log, stderr=log)
    try:
        yield
    finally:
        worker.kill()  # nothing is left to do; `run_alone` ends the children that this leaves
        worker.wait()


def time_worker(
    send: Callable[[], object], drained: Callable[[], bool], count: int
) -> dict[str, float]:
    """Send `count` tasks to a running worker; return tasks a second, sent and finished.

    Raises `TimeoutError` if they do not end in time.
    """

    def wait() -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not drained():
            if time.monotonic() > deadline:
                raise TimeoutError(f"the worker had not ended its tasks after {DEADLINE_S} s")
            time.sleep(POLL_S)

    send()
    wait()  # the worker is ready
    return time_sending(send, wait, count)
