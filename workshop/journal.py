"""What really happened in an exercise: one line for each effect, in a file that a check reads.

An app says `record("sent", to="ann@example.com")` where a real one would send the e-mail.
Run by hand, with no JOURNAL in the environment, the line goes to the terminal.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Event = dict[str, Any]  # Any: events carry different facts


# --8<-- [start:record]
def record(event: str, /, **facts: object) -> None:
    """Append one event with its time and process id."""
    line = json.dumps({"t": time.monotonic(), "event": event, "pid": os.getpid(), **facts})
    path = os.environ.get("JOURNAL")
    if not path:
        print(f"journal: {event} {facts}", file=sys.stderr, flush=True)
        return
    # One O_APPEND write per event: lines of several processes never mix.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode() + b"\n")
    finally:
        os.close(descriptor)


# --8<-- [end:record]


class Journal:
    """The events of one app, as a check sees them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let who writes the next event wait in the middle of it; until then it cannot be read."""
        kept = self.path.rename(self.path.with_suffix(".kept"))
        os.mkfifo(self.path)  # nobody reads it, so to open it takes for ever
        try:
            yield
        finally:
            kept.rename(self.path)

    def events(self, name: str | None = None, /, **facts: object) -> list[Event]:
        """Return the events of this name and with these facts, in the order of writing."""
        if not self.path.exists():
            return []
        # A line that is being written has no end yet.
        lines = self.path.read_text(encoding="utf-8").split("\n")[:-1]
        return [
            event
            for event in map(json.loads, lines)
            if name in (None, event["event"]) and facts.items() <= event.items()
        ]

    def count(self, name: str, /, **facts: object) -> int:
        """Return how often this happened."""
        return len(self.events(name, **facts))
