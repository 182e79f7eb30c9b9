"""Wait for a state with a deadline, and say what was seen when it passes."""

import time
from collections.abc import Callable
from typing import TypeVar

from lab.processes.pauses import pause

T = TypeVar("T")


# --8<-- [start:wait]
def wait_until(
    claim: str,
    look: Callable[[], T],
    holds: Callable[[T], object] = bool,
    timeout_s: float = 30,
) -> T:
    """Return the first sight of which `holds` is true."""
    started = time.monotonic()
    while True:
        seen = look()
        if holds(seen):
            return seen
        if time.monotonic() - started > timeout_s:
            raise AssertionError(f"not after {timeout_s} s: {claim}; last seen: {seen!r}")
        pause(started)


# --8<-- [end:wait]
