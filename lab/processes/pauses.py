"""Waiting for what is not there yet."""

import time
from collections.abc import Callable

from lab.errors import LabError

FIRST_S, LONGEST_S = 0.02, 0.25


def pause(since: float) -> None:
    """Sleep a tenth of the time since `since` (monotonic seconds), 20 to 250 ms.

    A short wait is over soon, and a long one leaves the processor to what is waited for.
    """
    time.sleep(min(max(FIRST_S, (time.monotonic() - since) / 10), LONGEST_S))


def wait_for(what: str, holds: Callable[[], object], timeout_s: float = 30.0) -> None:
    """Wait until it holds; raise LabError if it does not in time."""
    started = time.monotonic()
    while not holds():
        if time.monotonic() - started > timeout_s:
            raise LabError(f"waited for {what} for {timeout_s:g} s, and it did not come")
        pause(started)
