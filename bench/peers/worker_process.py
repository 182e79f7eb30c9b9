"""A peer's worker in a process of its own, and the time until all that was sent has ended."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

DEADLINE_S = 40
POLL_S = 0.005


@contextmanager
def worker_process(words: Sequence[str], folder: Path) -> Iterator[None]:
    """Run `python -m` with these words, from the root of the repository."""
    with (folder / "worker.log").open("w") as log:
        worker = subprocess.Popen([sys.executable, "-m", *words], stdout=log, stderr=log)
    try:
        yield
    finally:
        worker.kill()  # nothing is left to do; the frame ends what this leaves behind
        worker.wait()


def wait_until(drained: Callable[[], bool]) -> None:
    """Wait until nothing is left to do; raises `TimeoutError`."""
    deadline = time.monotonic() + DEADLINE_S
    while not drained():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the worker had not ended its tasks after {DEADLINE_S} s")
        time.sleep(POLL_S)


def time_sending(
    send: Callable[[], object], drained: Callable[[], bool], count: int
) -> dict[str, float]:
    """Send `count` tasks to a running worker; return tasks a second, sent and finished."""
    send()
    wait_until(drained)  # the worker is ready
    start = time.perf_counter()
    for _ in range(count):
        send()
    sent_s = time.perf_counter() - start
    wait_until(drained)
    return {"enqueue": count / sent_s, "finish": count / (time.perf_counter() - start)}
