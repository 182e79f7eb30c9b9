"""Wait for a state with a deadline, and say what was seen when it passes."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(
    claim: str,
    look: Callable[[], T],
    holds: Callable[[T], object] = bool,
    timeout_s: float = 30,
    every_s: float = 0.02,
) -> T:
    """Return the first sight of which `holds` is true."""
    deadline = time.monotonic() + timeout_s
    while True:
        seen = look()
        if holds(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not after {timeout_s} s: {claim}; last seen: {seen!r}")
        time.sleep(every_s)
