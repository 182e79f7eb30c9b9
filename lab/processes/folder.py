"""The data folder of one stack: made, proven writable, and used by one lab at a time."""

import fcntl
import os
from pathlib import Path
from typing import TextIO

from lab.errors import LabError


def make_folder(path: Path) -> Path:
    """Make the folder and return its absolute path; raise LabError if it cannot be written."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = error.strerror or error
        raise LabError(
            f"cannot write to the folder {str(path)!r}: {reason}; choose another data folder"
        ) from None
    return path.resolve()


def lock_folder(path: Path) -> TextIO:
    """Lock the folder until the returned file is closed or this process ends."""
    lock = (path / "lab.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise LabError(
            f"another lab uses the folder {str(path)!r}; stop it or choose another data folder"
        ) from None
    return lock
