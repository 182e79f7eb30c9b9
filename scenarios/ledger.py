"""An append-only record of what really happened; it survives kill -9 of the process that writes.

One JSON object per line in `DATA_DIR/ledger.jsonl`: `t` (monotonic seconds), `wall` (ISO 8601,
UTC), `event`, `task_id`, `pid`, `thread`, and facts of the event. Printed counts come from here.
"""

import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from .settings import get_settings

logger = logging.getLogger(__name__)
NAME = "ledger.jsonl"
ENDS = {"finished", "failed", "cancelled", "interrupted"}
BEGINNINGS = {"started", "put back"}  # a task that failed may be let in again


def record(event: str, task_id: str, **facts: object) -> None:
    """Append one event; a ledger that cannot be written is logged and never fails the job."""
    line = {
        "t": time.monotonic(),
        "wall": datetime.now(UTC).isoformat(),
        "event": event,
        "task_id": task_id,
        "pid": os.getpid(),
        "thread": threading.current_thread().name,
        **facts,
    }
    try:
        with _opened_for_writing() as descriptor:
            # One O_APPEND write per event: lines of several processes never mix.
            os.write(descriptor, json.dumps(line).encode() + b"\n")
    except OSError as error:
        logger.warning("cannot write %s of %s to the ledger: %s", event, task_id, error)


def read(data_dir: Path) -> Iterator[dict[str, Any]]:  # Any: events carry different facts
    """Yield the events under `data_dir` in the order of writing; a torn last line is left out."""
    with ExitStack() as opened:
        for file in _open_all(data_dir, opened):
            for line in file:
                try:
                    yield json.loads(line)
                except json.JSONDecodeError:
                    logger.warning("skipped a damaged ledger line: %r", line[:80])


def turn_over() -> None:
    """Begin a new file when this one is large, and drop the lines of tasks that are forgotten.

    The large one becomes `ledger.1.jsonl`, then `ledger.2.jsonl` and so on. Lines go RESULT_TTL_S
    after the end of their task, as all else of it does; those of open tasks stay.
    """
    settings = get_settings()
    with (settings.data_dir / "ledger.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another process does it
        path = _path()
        if not path.exists() or path.stat().st_size < settings.ledger_max_bytes:
            return
        number = max(map(_number, _find_older(settings.data_dir)), default=0) + 1
        path.rename(path.with_name(f"ledger.{number}.jsonl"))
        forgotten = _find_forgotten(settings.data_dir, time.time() - settings.result_ttl_s)
        for older in _find_older(settings.data_dir):
            _drop_lines(older, forgotten)


def _find_forgotten(data_dir: Path, before: float) -> set[str]:
    ended: dict[str, float] = {}
    for count, event in enumerate(read(data_dir)):
        if event["event"] in ENDS:
            ended[event["task_id"]] = datetime.fromisoformat(event["wall"]).timestamp()
        elif event["event"] in BEGINNINGS:
            ended.pop(event["task_id"], None)
        if count % 1000 == 0:
            time.sleep(0.001)  # lets requests of this process run in between
    return {task_id for task_id, at in ended.items() if at < before}


def _drop_lines(path: Path, forgotten: set[str]) -> None:
    """Write the file anew without these tasks; nobody else writes to it."""
    with path.open("rb") as before, path.with_suffix(".new").open("wb") as after:
        fcntl.flock(before, fcntl.LOCK_EX)  # whoever still writes to it holds it, for one line
        fcntl.flock(before, fcntl.LOCK_UN)
        for count, line in enumerate(before):
            with suppress(json.JSONDecodeError):
                if json.loads(line)["task_id"] not in forgotten:
                    after.write(line)
            if count % 1000 == 0:
                time.sleep(0.001)
    Path(after.name).replace(path)
    if not path.stat().st_size:
        path.unlink()


@contextmanager
def _opened_for_writing() -> Iterator[int]:
    """Open the newest file, and let nobody drop lines from it before it is closed."""
    path = _path()
    while True:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            with suppress(FileNotFoundError):  # turned over just now
                if os.path.samestat(os.fstat(descriptor), path.stat()):
                    yield descriptor
                    return
        finally:
            os.close(descriptor)


def _open_all(data_dir: Path, opened: ExitStack) -> list[BinaryIO]:
    """Open all files of one moment, the oldest first."""
    while True:
        before = _find_older(data_dir)
        with suppress(FileNotFoundError):
            paths = [*before, *[each for each in [data_dir / NAME] if each.exists()]]
            files: list[BinaryIO] = [opened.enter_context(path.open("rb")) for path in paths]
            if _find_older(data_dir) == before:
                return files


def _find_older(data_dir: Path) -> list[Path]:
    return sorted(data_dir.glob("ledger.*.jsonl"), key=_number)


def _number(path: Path) -> int:
    return int(path.name.split(".")[1])


def _path() -> Path:
    return get_settings().data_dir / NAME
