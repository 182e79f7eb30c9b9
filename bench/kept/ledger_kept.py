"""Milliseconds of the processor for the ledger, with the events of COUNT tasks in it.

One more event; or a turn-over, which drops the events of tasks that have ended: for 1 000 of these.
"""

import json
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.program import run_program

from .sizes import at_each_size

TIMED = 300


def measure(count: int, folder: Path, what: str) -> dict[str, float]:
    """Return milliseconds at each size."""
    os.environ |= {"DATA_DIR": str(folder), "LEDGER_MAX_BYTES": "1", "RESULT_TTL_S": "60"}
    from scenarios import ledger

    path, known = folder / ledger.NAME, list[str]()

    def fill(have: int, size: int) -> None:
        known.extend(f"known-{number}" for number in range(have, size))
        end_long_ago(path, known[have:])

    def event_ms() -> float:
        start = time.process_time()
        for number in range(TIMED):
            ledger.record("started", f"new-{number}", kind="email")
        return (time.process_time() - start) / TIMED * 1000

    def turn_over_ms() -> float:
        start = time.process_time()
        ledger.turn_over()
        took_ms = (time.process_time() - start) * 1000
        if any(ledger.read(folder)):
            raise ValueError("events of tasks that ended long ago are still there")
        end_long_ago(path, known)
        return took_ms / (len(known) / 1000)

    step = event_ms if what == "event" else turn_over_ms
    return at_each_size(count, fill, lambda: min(step() for _ in range(3)))


def end_long_ago(path: Path, task_ids: Sequence[str]) -> None:
    """Write the events of tasks whose time is over."""
    wall = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    with path.open("a") as file:
        for task_id in task_ids:
            for event in ("accepted", "started", "finished"):
                line = {"wall": wall, "event": event, "task_id": task_id, "kind": "email"}
                file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    run_program(measure)
