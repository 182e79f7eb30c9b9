"""What the jobs of these apps do: say something, wait at a gate that a test opens, block."""

import asyncio
import os
import time
from pathlib import Path


def say(words: str) -> None:
    """Write a line that a test reads in the log of the process."""
    os.write(1, f">> {words}\n".encode())  # print writes twice: threads would mix their lines


def is_open(gate: str) -> bool:
    return (Path(os.environ["GATES"]) / gate).exists()


async def wait_at(gate: str) -> None:
    """Wait without blocking the event loop."""
    while not is_open(gate):  # noqa: ASYNC110 # the gate is a file
        await asyncio.sleep(0.005)


def block_at(gate: str) -> None:
    """Wait in this thread."""
    while not is_open(gate):
        time.sleep(0.005)


def block(seconds: float) -> None:
    """Keep this thread from anything else, like a driver that knows no await."""
    time.sleep(seconds)


def compute(seconds: float) -> None:
    """Keep a CPU busy."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))


def compute_until(gate: str) -> None:
    """Keep a CPU busy until the gate opens."""
    while not is_open(gate):
        sum(range(1000))
