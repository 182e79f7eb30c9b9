"""Tells when a file was saved, for what is started again then."""

from contextlib import suppress
from pathlib import Path


class SavedFile:
    """A file that is asked, now and then, whether it was saved since.

    Made before the program that reads the file is started, it misses no save.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._time = 0
        self.was_saved()

    def was_saved(self) -> bool:
        """Tell whether it was saved since the last call."""
        before = self._time
        with suppress(FileNotFoundError):  # some editors take it away for a moment
            self._time = self._path.stat().st_mtime_ns
        return self._time != before
