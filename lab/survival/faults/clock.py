"""Sets the wall clock of processes forward with libfaketime, as only root can set the real one."""

from functools import cache
from pathlib import Path

FOLDERS = ("/usr/lib", "/usr/local/lib")
# Not "**", which would walk through all of /usr/lib whenever the faults are imported.
PATTERNS = ("faketime/libfaketime.so.1", "*/faketime/libfaketime.so.1")
FILE = "{folder}/clock"  # how far the clock is ahead; RunningColumn fills in its folder


@cache
def find_library() -> Path | None:
    """Return where libfaketime is installed, None if it is not."""
    found = (path for folder in FOLDERS for each in PATTERNS for path in Path(folder).glob(each))
    return next(found, None)


def tell_what_is_missing() -> str:
    """Return why no clock can be set, or nothing."""
    return "" if find_library() else "libfaketime is not installed (Debian: apt install faketime)"


def make_env() -> dict[str, str]:
    """Return what lets a process read its wall clock from FILE; monotonic time stays true."""
    return {
        "LD_PRELOAD": str(find_library() or ""),
        "FAKETIME_TIMESTAMP_FILE": FILE,
        "FAKETIME_CACHE_DURATION": "1",  # seconds after which the file is read again
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def set_forward(folder: Path, seconds: int) -> None:
    """Set the clock of every process that reads this folder's file."""
    Path(FILE.format(folder=folder)).write_text(f"+{seconds}\n", encoding="ascii")
