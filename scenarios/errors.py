"""What can go wrong in a job, and the sentence that a client reads about it."""

import errno
import re
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from .settings import get_settings
from .text import one_line

QUOTED = re.compile(r"""(['"])[^'"/\\]*[/\\][^'"]*\1""")
ABSOLUTE = re.compile(r"(?<![\w/:.])(?:/[^\s/'\"<>(),;]+){2,}/?")
LOGIN = re.compile(r"(?<=://)[^\s/'\"]*@")
HIDDEN = "…"
MOST_CHARACTERS = 1000  # of a sentence: each client that asks for the status is sent it
TAKES_NOTHING = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}
SQLITE_TAKES_NOTHING = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")


class WorkError(Exception):
    """A failure that trying again cannot cure; anything else that a job raises may be retried."""


class TransientError(Exception):
    """A failure of somebody else that may be over soon.

    `retry_after_s` is the shortest wait before the next try, if the other side has named one.
    """

    def __init__(self, sentence: str, retry_after_s: float = 0) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


def shortest_wait_s(error: object) -> float:
    """Return how long to wait at least before trying again after `error`."""
    return error.retry_after_s if isinstance(error, TransientError) else 0


class BadUpload(ValueError):
    """Says why a file is refused before its job is taken."""


class CannotStore(Exception):
    """The disk does not take what a job needs: it is full, read-only or beyond its quota."""


def is_full_disk(error: BaseException) -> bool:
    """Tell whether the disk takes nothing: it is full, read-only or beyond a quota."""
    if isinstance(error, OSError):
        return error.errno in TAKES_NOTHING
    return getattr(error, "sqlite_errorname", "").startswith(SQLITE_TAKES_NOTHING)


def explain(error: BaseException) -> str:
    """Return one readable sentence for `error`: never empty, never a traceback or a path of ours.

    A client reads it. The sentences of `WorkError` and `TransientError` are written for it and may
    repeat what it has sent; those of other errors may hold anything.
    """
    is_ours = isinstance(error, WorkError | TransientError)
    text = one_line(" ".join(words_of(error).split()))
    for folder in folders_of_the_server():
        text = re.sub(rf"{re.escape(folder)}[^\s'\"]*", HIDDEN, text)
    if not is_ours:
        text = ABSOLUTE.sub(HIDDEN, LOGIN.sub(f"{HIDDEN}@", QUOTED.sub(HIDDEN, text)))
    if len(text) > MOST_CHARACTERS:
        text = text[:MOST_CHARACTERS] + HIDDEN
    if text and is_ours:
        return text
    return f"the job failed: {type(error).__name__}" + (f": {text}" if text else "")


def words_of(error: BaseException) -> str:
    """Return what an error says of itself, or nothing where its `__str__` has a bug."""
    try:
        # `str` of an `OSError` ends with the name of the file.
        return (isinstance(error, OSError) and error.strerror) or str(error)
    except Exception:  # noqa: BLE001, that of another one's class
        return ""


def folders_of_the_server() -> list[str]:
    """Return where the files that a library may name lie: data, code and temporary files."""
    data_dir = get_settings().data_dir
    folders = [data_dir.absolute(), Path.cwd(), Path(sys.prefix), Path(sys.base_prefix)]
    folders += [data_dir] if data_dir.is_absolute() else []
    with suppress(FileNotFoundError):  # it is looked for by writing there; the disk may be full
        folders.append(Path(tempfile.gettempdir()))
    return [str(each) for each in folders if len(each.parts) > 1]
