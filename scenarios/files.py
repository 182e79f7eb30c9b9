"""Files of a task under DATA_DIR: named after its id, never after what a client calls them."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from . import ledger
from .contract import JSONDict, Status, new_task_id
from .settings import get_settings
from .status import TaskStatus


def uploads_dir() -> Path:
    """Return the folder of files that wait for their job."""
    return get_settings().data_dir / "uploads"


def results_dir() -> Path:
    """Return the folder of PDFs and pictures, and of a small JSON file per finished job."""
    return get_settings().data_dir / "results"


@asynccontextmanager
async def stored_upload(
    source: BinaryIO, check: Callable[[BinaryIO], None]
) -> AsyncIterator[tuple[str, str]]:
    """Check and copy `source` off the loop; yield a new task's id and the path.

    The file goes again if the body raises: what is refused leaves nothing behind.
    """
    task_id = new_task_id()
    path = uploads_dir() / task_id
    try:
        await asyncio.to_thread(_copy, source, check, path)
        yield task_id, str(path)
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
    (uploads_dir() / task_id).unlink(missing_ok=True)


def publish(task_id: str, suffix: str, content: bytes) -> None:
    """Put `content` where the result is downloaded; readers see all of it or nothing."""
    _replace(results_dir() / f"{task_id}{suffix}", content)


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
    _replace(results_dir() / f"{task_id}.json", json.dumps(result).encode())
    ledger.record("effect", task_id)
    discard_upload(task_id)
    return result


def recall(task_id: str) -> JSONDict | None:
    """Return the result of an earlier run: a job that is run twice has one effect."""
    path = results_dir() / f"{task_id}.json"
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


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(f"{path.suffix}.{os.getpid()}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
