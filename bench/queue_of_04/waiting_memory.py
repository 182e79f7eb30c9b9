"""Bytes of memory that a task takes while it waits in the memory queue of 04."""

import gc
from pathlib import Path
from uuid import uuid4

import psutil

from bench.program import run_program

from .custom_queue import Limits, MemoryStore, Task


async def measure(count: int, folder: Path) -> float:
    """Add `count` tasks with ids and arguments of their own; return bytes a task."""
    store = MemoryStore(Limits(size=count), None, lambda task: None)
    process = psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    for number in range(count):
        await store.add(Task(str(uuid4()), "email", {"number": number}))
    return float(process.memory_info().rss - before) / count


if __name__ == "__main__":
    run_program(measure)
