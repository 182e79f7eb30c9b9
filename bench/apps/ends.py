"""Waits for jobs by reading the ledger, because asking the app itself would be load on it."""

import time
from pathlib import Path
from typing import Any

from scenarios import ledger

DEADLINE_S = 80


def wait_for_ends(data_dir: Path, count: int) -> list[dict[str, Any]]:
    """Return the `finished` events under `data_dir` once there are `count` of them.

    Raises `TimeoutError` when they take too long, and `ValueError` for a job that failed.
    """
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        events = list(ledger.read(data_dir))
        if failed := [event for event in events if event["event"] == "failed"]:
            raise ValueError(f"a job failed: {failed[0]['error']}")
        finished = [event for event in events if event["event"] == "finished"]
        if len(finished) >= count:
            return finished
        time.sleep(0.05)
    raise TimeoutError(f"{len(finished)} of {count} jobs had ended after {DEADLINE_S} s")
