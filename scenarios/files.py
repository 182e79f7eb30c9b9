"""Files of a task under DATA_DIR: named after its id, never after what a client calls them."""

import asyncio
import json
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from . import ledger
from .contract import JSONDict, Status, new_task_id
from .errors import WorkError
from .settings import get_settings
from .status import TaskStatus

TASK_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # a UUID as `str` writes it


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


@asynccontextmanager
async def stored_upload(source: BinaryIO, check: Callable[[BinaryIO], None]) -> AsyncIterator[str]:
    """Check and copy `source` off the loop, to the `upload_path` of a new task; yield its id.

    The file goes again if the body raises: what is refused leaves nothing behind.
    """
    task_id = new_task_id()
    path = upload_path(task_id)
    try:
        await asyncio.to_thread(_copy, source, check, path)
        yield task_id
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _copy(source: BinaryIO, check: Callable[[BinaryIO], None], path: Path) -> None:
    check(source)
    source.seek(0)
    with path.open("wb") as target:
        shutil.copyfileobj(source, target)
        if get_settings().queue_db:  # a job on disk needs its file there, too
            target.flush()
            os.fsync(target.fileno())


def discard_upload(task_id: str) -> None:
    """Remove the upload of a task that has ended; none is fine."""
    upload_path(task_id).unlink(missing_ok=True)


def publish(task_id: str, suffix: str, content: bytes) -> None:
    """Put `content` where the result is downloaded; readers see all of it or nothing."""
    write_whole(result_path(task_id, suffix), content)


def find_result(task: TaskStatus) -> Path | None:
    """Return the file that a client may download, if the task succeeded and made one."""
    if task.status is not Status.SUCCEEDED:
        return None
    found = (
        p for p in results_dir().glob(f"{task.task_id}.*") if p.suffix not in (".json", ".tmp")
    )
    return next(found, None)


def remember(task_id: str, result: JSONDict) -> JSONDict:
    """Note that the effect of this task has happened, and return `result`."""
    write_whole(result_path(task_id, ".json"), json.dumps(result).encode())
    ledger.record("effect", task_id)
    discard_upload(task_id)
    return result


def recall(task_id: str) -> JSONDict | None:
    """Return the result of an earlier run: a job that is run twice has one effect."""
    path = result_path(task_id, ".json")
    if not path.exists():
        return None
    result: JSONDict = json.loads(path.read_bytes())
    return result


def remove_expired() -> None:
    """Remove uploads and results that nobody has touched for RESULT_TTL_S and a job's time."""
    settings = get_settings()
    oldest = time.time() - settings.result_ttl_s - settings.job_timeout_s
    for folder in (uploads_dir(), results_dir()):
        for path in folder.iterdir():
            with suppress(FileNotFoundError):  # another process may be quicker
                if path.stat().st_mtime < oldest:
                    path.unlink()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file; whoever reads it meanwhile sees the old content or all of the new."""
    temporary = path.with_suffix(f"{path.suffix}.{os.getpid()}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


def _checked(task_id: str) -> str:
    """Return the id, which becomes a file's name; a message from elsewhere may hold `../../x`."""
    if not TASK_ID.fullmatch(task_id):
        raise WorkError(f"{task_id[:80]!r} is no task id: it would have to be a UUID")
    return task_id
