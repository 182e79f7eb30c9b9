"""Milliseconds to count the tasks, as /metrics/queue does, while COUNT of them are known.

01 and 02 keep them in a dict, 03 in Redis, 04 in memory or in a file.
"""

import asyncio
import importlib
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench.program import run_program

from .sizes import at_each_size, quickest_ms

ENDED = """
for n = tonumber(ARGV[1]), tonumber(ARGV[2]) - 1 do
  redis.call('HSET', 'task:known-' .. n, 'name', 'a.email', 'status', 'succeeded', 'attempts', 1,
             'queued_at', '1', 'finished_at', '2')
  redis.call('ZADD', 'tasks:succeeded', 99999999999, 'known-' .. n)
end
"""


def in_a_dict(count: int) -> dict[str, float]:
    """Measure the records of 01 and 02: one more task, its end, the counts, a look for old ones."""
    from scenarios import Tasks, ledger
    from scenarios.contract import Kind

    ledger.record = lambda *_, **__: None  # a file is opened for each event: not what is measured
    tasks = Tasks()

    def fill(have: int, size: int) -> None:
        for number in range(have, size):
            tasks.accept(f"known-{number}", Kind.EMAIL).cancel()

    def step() -> None:
        tasks.accept("one more", Kind.EMAIL).cancel()
        tasks.count(workers=None)
        tasks.forget_ended(3600)

    return at_each_size(count, fill, partial(quickest_ms, step))


def in_redis(count: int) -> dict[str, float]:
    """Measure the records of 03."""
    records: Any = importlib.import_module("03_celery.records")  # Any: imported by name

    def fill(have: int, size: int) -> None:
        for first in range(have, size, 1000):  # a script that runs for long is ended
            records.redis.eval(ENDED, 0, first, min(first + 1000, size))

    return at_each_size(count, fill, partial(quickest_ms, records.count))


def in_queue(count: int, path: Path | None) -> dict[str, float]:
    """Measure the queue of 04."""
    from bench.queue_of_04.custom_queue import SUCCEEDED, Limits, Task, choose_store

    loop = asyncio.new_event_loop()

    async def opened() -> Any:
        return choose_store(path)(Limits(keep=count + 1, size=count + 1), None, lambda task: None)

    store = loop.run_until_complete(opened())

    async def end(first: int, last: int) -> None:
        await asyncio.gather(*(store.add(Task(f"t{n}", "noop", {})) for n in range(first, last)))
        for task in await asyncio.gather(*(store.take() for _ in range(first, last))):
            store.end(task, SUCCEEDED)

    def fill(have: int, size: int) -> None:
        for first in range(have, size, 1000):
            loop.run_until_complete(end(first, min(first + 1000, size)))
        while loop.run_until_complete(store.metrics()).succeeded < size:
            time.sleep(0.01)  # the last ends are on their way to the disk

    def step() -> None:
        loop.run_until_complete(store.metrics())

    found = at_each_size(count, fill, partial(quickest_ms, step))
    loop.run_until_complete(store.close([]))
    return found


def measure(count: int, folder: Path, where: str) -> dict[str, float]:
    """Return milliseconds at each size."""
    os.environ["DATA_DIR"] = str(folder)
    ways: dict[str, Callable[[], dict[str, float]]] = {
        "dict": partial(in_a_dict, count),
        "redis": partial(in_redis, count),
        "memory": partial(in_queue, count, None),
        "file": partial(in_queue, count, folder / "queue.db"),
    }
    return ways[where]()


if __name__ == "__main__":
    run_program(measure)
