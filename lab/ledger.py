"""Reads what an app has written into its ledger: the only source of the counts."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

NAME = "ledger.jsonl"


def read_ledger(data_dir: Path) -> Iterator[dict[str, Any]]:  # Any: events carry different facts
    """Yield the events under `data_dir`, the oldest first; a line that was cut off is left out."""
    path = data_dir / NAME
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for line in text.splitlines():
        with suppress(json.JSONDecodeError):
            yield json.loads(line)
