"""No-op tasks a second through taskiq's InMemoryBroker, enqueued to finished."""

import itertools
import time
from pathlib import Path

from taskiq import InMemoryBroker

from bench.program import run_program


async def measure(count: int, folder: Path) -> float:
    """Send `count` tasks and wait for all; return tasks a second."""
    numbers = itertools.count()
    # Short ids, as the queue of 04 gets here: making a UUID would be counted too.
    broker = InMemoryBroker().with_id_generator(lambda: str(next(numbers)))

    @broker.task
    async def noop() -> None:
        """Do nothing."""

    await broker.startup()
    start = time.perf_counter()
    for _ in range(count):
        await noop.kiq()
    await broker.wait_all()
    rate = count / (time.perf_counter() - start)
    await broker.shutdown()
    return rate


if __name__ == "__main__":
    run_program(measure)
