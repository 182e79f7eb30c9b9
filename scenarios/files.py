"""Files of a task under DATA_DIR: named after its id, never after what a client calls them.

`forget` says what belongs to a task, and removes all of it together. Nothing goes by its age: what
is open may wait for days, see `owners.py`.
"""

import asyncio
import fcntl
import json
import logging
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from . import ledger, owners
from .contract import JSONDict, Kind, Status, new_task_id
from .errors import CannotStore, WorkError
from .pictures.picture_index import forget_pictures
from .reports.orders import forget_orders
from .settings import get_settings
from .status import TaskStatus

logger = logging.getLogger(__name__)
TASK_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # a UUID as `str` writes it
SUFFIXES = {"PDF": ".pdf", "PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
MOST_WRITING_S = 60  # what is not finished after that may be of a process that was killed


def uploads_dir() -> Path:
    """Return the folder of files that wait for their job."""
    return get_settings().data_dir / "uploads"


def results_dir() -> Path:
    """Return the folder of PDFs and pictures, and of a small JSON file per finished job."""
    return get_settings().data_dir / "results"


def upload_path(task_id: str) -> Path:
    """Return where the upload of a task lies; a job computes this, no message carries it."""
    return uploads_dir() / _checked(task_id)


def result_path(task_id: str, suffix: str) -> Path:
    """Return where the file with this ending that a task has made is downloaded from."""
    return results_dir() / f"{_checked(task_id)}{suffix}"


def _unfinished_dir() -> Path:
    return get_settings().data_dir / "unfinished"


def make_folders() -> None:
    """Make the folders under DATA_DIR; raises `OSError` if it cannot be written."""
    for folder in (uploads_dir(), results_dir(), _unfinished_dir()):
        # A DATA_DIR made here is closed to the machine's other users: it holds what people send.
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)


@asynccontextmanager
async def stored_upload(
    source: BinaryIO, check: Callable[[BinaryIO], object]
) -> AsyncIterator[str]:
    """Check and copy `source` off the loop, to the `upload_path` of a new task; yield its id.

    The file is removed if the body raises: what is refused leaves nothing behind. Raises
    `CannotStore`, and whatever `check` raises.
    """
    task_id = new_task_id()
    try:
        await asyncio.to_thread(_copy, source, check, task_id)
        yield task_id
    except Exception:
        take_back(task_id)
        raise
    # Not reached if the request is cancelled: nobody knows then whether the job was taken.
    await asyncio.to_thread(owners.hand_over, task_id)


def _copy(source: BinaryIO, check: Callable[[BinaryIO], object], task_id: str) -> None:
    check(source)
    source.seek(0)
    try:
        owners.take(task_id)
        with upload_path(task_id).open("wb") as target:
            shutil.copyfileobj(source, target)
            if get_settings().queue_db:  # a job on disk needs its file there, too
                target.flush()
                os.fsync(target.fileno())
    except OSError as error:
        raise CannotStore from error


def take_back(task_id: str) -> None:
    """Remove what a request has left that became no task: its upload, then the mark of that."""
    with suppress(OSError):  # then the mark stays, and a sweep finds the file by it
        upload_path(task_id).unlink(missing_ok=True)
        owners.drop([task_id])


def discard_upload(task_id: str) -> None:
    """Remove the upload of a task that has ended; none is fine.

    A disk that lets go of nothing changes no task: `forget` comes for the file again.
    """
    path = upload_path(task_id)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("the upload of %s cannot be removed now: %s", task_id, error)


def publish(task_id: str, suffix: str, content: bytes) -> None:
    """Put `content` where the result is downloaded; readers see all of it or nothing."""
    owners.mark(task_id)
    write_whole(result_path(task_id, suffix), content)


def find_result(task: TaskStatus) -> Path | None:
    """Return the file that a client may download, if the task succeeded and made one."""
    if task.status is not Status.SUCCEEDED:
        return None
    made = "PDF" if task.kind == Kind.REPORT else (task.result or {}).get("format")
    if made not in SUFFIXES:
        return None
    path = result_path(task.task_id, SUFFIXES[made])
    return path if path.is_file() else None


def remember(task_id: str, result: JSONDict) -> JSONDict:
    """Note that the effect of this task has happened, and return `result`.

    A disk that does not take the note fails no job: it would be tried again, and an e-mail that
    has left would leave once more. Without the note only a run after a crash does that.
    """
    path = result_path(task_id, ".json")
    ledger.record("effect", task_id)  # first: a run that finds the note says nothing of an effect
    try:
        owners.mark(task_id)
        write_whole(path, json.dumps(result).encode())
        discard_upload(task_id)
    except OSError as error:
        logger.warning("cannot note that %s has had its effect: %s", task_id, error)
    return result


def recall(task_id: str) -> JSONDict | None:
    """Return the result of an earlier run: a job that is run twice has one effect."""
    try:
        result: JSONDict = json.loads(result_path(task_id, ".json").read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:  # a power cut may leave an empty file
        logger.warning("the note that %s has had its effect is damaged: it runs again", task_id)
        return None
    return result


def forget(task_ids: Iterable[str]) -> None:
    """Remove all that belongs to these tasks: upload, results, orders, index entry, mark.

    In batches, so that neither the disk nor a database is held for long; tasks without any of it
    are fine. Call it off the event loop.
    """
    rest = (task_id for task_id in task_ids if TASK_ID.fullmatch(task_id))
    while batch := list(islice(rest, owners.BATCH)):
        for task_id in batch:
            upload_path(task_id).unlink(missing_ok=True)
            for suffix in (".json", *SUFFIXES.values()):
                result_path(task_id, suffix).unlink(missing_ok=True)
        forget_orders(batch)
        forget_pictures(batch)
        owners.drop(batch)  # last: what is interrupted here is found again


def write_whole(path: Path, content: bytes) -> None:
    """Write a file; whoever reads it meanwhile sees the old content or all of the new."""
    temporary = _unfinished_dir() / f"{path.name}.{uuid4().hex}"
    try:
        with temporary.open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)  # for `_remove_unfinished`
            file.write(content)
            file.flush()
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_orphans() -> None:
    """Remove what nobody answers for: of dead processes, of forgotten tasks, half-written files."""
    owners.forget_dead_processes(forget)
    owners.forget_unknown(forget)
    _remove_unfinished()


def _remove_unfinished() -> None:
    for path in _unfinished_dir().iterdir():
        with suppress(FileNotFoundError, BlockingIOError):  # finished, or still being written
            if time.time() - path.stat().st_mtime > MOST_WRITING_S:
                with path.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()


def _checked(task_id: str) -> str:
    """Return the id, which becomes a file's name; a message from elsewhere may hold `../../x`."""
    if not TASK_ID.fullmatch(task_id):
        raise WorkError(f"{task_id[:80]!r} is no task id: it would have to be a UUID")
    return task_id
