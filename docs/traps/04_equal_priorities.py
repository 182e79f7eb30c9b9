"""A priority queue of plain tuples works until two jobs are equally urgent."""

import asyncio
from dataclasses import dataclass, field
from itertools import count


@dataclass
class Job:
    """A job that has no order of its own."""

    name: str


@dataclass(order=True)
class Entry:
    """Urgent ones first; among equals the number decides, never the job."""

    priority: int
    number: int
    job: Job = field(compare=False)  # (1)


async def main() -> None:
    pairs: asyncio.PriorityQueue[tuple[int, Job]] = asyncio.PriorityQueue()
    await pairs.put((1, Job("first")))
    try:
        await pairs.put((1, Job("second")))  # (2)
    except TypeError as error:
        print("(priority, job):", error)

    numbers, entries = count(), asyncio.PriorityQueue[Entry]()
    for name, priority in (("first", 1), ("second", 1), ("urgent", 0)):
        entries.put_nowait(Entry(priority, next(numbers), Job(name)))
    print("with a counter:", [entries.get_nowait().job.name for _ in range(3)])


asyncio.run(main())
