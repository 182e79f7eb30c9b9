"""An append-only record of what really happened; it survives kill -9 of the process that writes.

One JSON object per line in `DATA_DIR/ledger.jsonl`: `t` (monotonic seconds), `wall` (ISO 8601,
UTC), `event`, `task_id`, `pid`, `thread`, and facts of the event. Printed counts come from here.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .settings import get_settings

logger = logging.getLogger(__name__)


def record(event: str, task_id: str, **facts: object) -> None:
    """Append one event; a ledger that cannot be written is logged and never fails the job."""
    line = {
        "t": time.monotonic(),
        "wall": datetime.now(UTC).isoformat(),
        "event": event,
        "task_id": task_id,
        "pid": os.getpid(),
        "thread": threading.current_thread().name,
        **facts,
    }
    try:
        # One O_APPEND write per event: lines of several processes never mix.
        descriptor = os.open(_path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, json.dumps(line).encode() + b"\n")
        finally:
            os.close(descriptor)
    except OSError as error:
        logger.warning("cannot write %s of %s to the ledger: %s", event, task_id, error)


def read(data_dir: Path) -> Iterator[dict[str, Any]]:  # Any: events carry different facts
    """Yield the events under `data_dir` in the order of writing; a torn last line is left out."""
    path = data_dir / "ledger.jsonl"
    if not path.exists():
        return
    for line in path.read_text().splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            logger.warning("skipped a damaged ledger line: %r", line[:80])


def _path() -> Path:
    return get_settings().data_dir / "ledger.jsonl"
