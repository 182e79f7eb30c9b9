"""Ports on 127.0.0.1: the preferred one, or the next that is free."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from lab.errors import LabError

from .folder import make_shared_name, open_private

HOST = "127.0.0.1"
TRIES = 500
LOCKS = Path("/tmp")  # not TMPDIR: labs with different ones still share the ports


class Port:
    """A port that no other lab takes until `release`, even while nothing listens on it."""

    def __init__(self, number: int, lock: TextIO) -> None:
        self.number = number
        self._lock = lock

    def release(self) -> None:
        """Let other labs take it."""
        self._lock.close()


def claim(preferred: int, *, next_from: int | None = None) -> Port:
    """Claim `preferred`, or the first free port from `next_from` on (the port after it)."""
    for number in _candidates(preferred, next_from):
        # The lock keeps labs that start at the same moment apart; it ends with its process.
        lock = _lock(number)
        if lock is None:
            continue
        if is_free(number):
            return Port(number, lock)
        lock.close()
    raise LabError(f"no free port: {preferred} and the {TRIES} after it are taken")


def is_free(number: int) -> bool:
    """Tell whether a server could listen on this port now."""
    try:
        with socket.create_server((HOST, number)):
            pass
    except OSError:
        return False
    # macOS lets two sockets share a port when one of them listens on all addresses.
    with suppress(OSError), socket.create_connection((HOST, number), timeout=0.2):
        return False
    return True


def _candidates(preferred: int, next_from: int | None) -> Iterator[int]:
    start = next_from or preferred + 1
    yield preferred
    yield from range(start, min(start + TRIES, 65_536))


def _lock(number: int) -> TextIO | None:
    folder = make_shared_name(LOCKS / f"background-tasks-lab-{os.getuid()}")
    lock = open_private(folder / str(number))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock
