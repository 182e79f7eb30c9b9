"""Reads the ledger of an app, which is the only source of what the lab counts."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

NAME = "ledger.jsonl"
OLDER = "ledger.*.jsonl"  # older events, moved there when the file had become large


def read_ledger(data_dir: Path) -> Iterator[dict[str, Any]]:  # Any: events carry different facts
    """Yield the events under `data_dir`, the oldest first; a line that was cut off is left out."""
    for text in read_files(data_dir):
        for line in text.splitlines():
            with suppress(json.JSONDecodeError):
                yield json.loads(line)


def read_files(data_dir: Path) -> list[str]:
    """Return the text of each file, the oldest first; read all again if one is moved meanwhile."""
    while True:
        older = find_older(data_dir)
        with suppress(FileNotFoundError):
            newest = [data_dir / NAME] if (data_dir / NAME).exists() else []
            texts = [path.read_text(encoding="utf-8") for path in [*older, *newest]]
            if find_older(data_dir) == older:
                return texts


def find_older(data_dir: Path) -> list[Path]:
    """Return the older files in their order."""
    return sorted(data_dir.glob(OLDER), key=lambda path: int(path.name.split(".")[1]))
