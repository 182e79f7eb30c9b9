"""Let files look older than they are."""

import os
from pathlib import Path

DAY_S = 86_400


def set_back_all_ages(folder: Path) -> None:
    """Let everything in the folder look as if nobody had touched it for a day."""
    for path in folder.rglob("*"):
        when = path.stat().st_mtime - DAY_S
        os.utime(path, (when, when))
