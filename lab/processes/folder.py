"""Folders of the lab: private to their user, tried for writing, used by one lab at a time."""

import fcntl
import os
import stat
from pathlib import Path
from typing import TextIO

from lab.errors import LabError

PRIVATE = 0o700
OF_OTHERS = 0o077  # what group and others may do


def make_folder(path: Path) -> Path:
    """Make the folder and return its absolute path; a new one is private to its user.

    Raises LabError if it cannot be written, or belongs to another user of the machine.
    """
    try:
        _make_private(path.absolute())
        path = path.resolve()
        refuse_folder_of_others(path)
        probe = path / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = error.strerror or error
        raise LabError(
            f"cannot write to the folder {str(path)!r}: {reason}; choose another data folder"
        ) from None
    return path


def make_private_folder(path: Path) -> Path:
    """Make a folder below the data folder, closed to other users even if it was there before."""
    path.mkdir(mode=PRIVATE, exist_ok=True)
    refuse_folder_of_others(path)
    path.chmod(PRIVATE)
    return path


def make_shared_name(path: Path) -> Path:
    """Make a folder with a name that anybody can guess, where every user can make folders.

    Raises LabError if somebody else has made it: a file in it could be a link to a file of ours.
    """
    path.mkdir(mode=PRIVATE, exist_ok=True)
    if not stat.S_ISDIR(path.lstat().st_mode):
        raise LabError(f"{str(path)!r} is no folder, and the lab did not make it: remove it")
    refuse_folder_of_others(path)
    if path.stat().st_mode & OF_OTHERS:
        raise LabError(f"the folder {str(path)!r} is open to other users: run chmod 700 on it")
    return path


def refuse_folder_of_others(path: Path) -> None:
    """Raise LabError unless the folder is our own."""
    if (owner := path.stat().st_uid) != os.getuid():
        raise LabError(
            f"the folder {str(path)!r} belongs to user {owner}, and not to you (user {os.getuid()})"
        )


def open_private(path: Path) -> TextIO:
    """Open a file of our own for appending and reading; never what a link leads to."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o600), "a+", encoding="utf-8")


def lock_folder(path: Path) -> TextIO:
    """Lock the folder until the returned file is closed or this process ends."""
    lock = open_private(path / "lab.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise LabError(
            f"another lab uses the folder {str(path)!r}; stop it or choose another data folder"
        ) from None
    return lock


def _make_private(path: Path) -> None:
    """Make the folder and those above it that are missing: `mkdir` leaves these open to others."""
    if not path.exists():
        _make_private(path.parent)
        path.mkdir(mode=PRIVATE, exist_ok=True)
