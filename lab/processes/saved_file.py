"""Tells when a file was saved, so that a server can be started again."""

from contextlib import suppress
from pathlib import Path


class SavedFile:
    """A file that can be asked whether it was saved since the last question.

    Make it before you start the program that reads the file; then no save is missed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._time = 0
        self.was_saved()

    def was_saved(self) -> bool:
        """Tell whether it was saved since the last call."""
        before = self._time
        with suppress(FileNotFoundError):  # some editors remove it for a moment
            self._time = self._path.stat().st_mtime_ns
        return self._time != before
