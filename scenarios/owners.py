"""Whose the files of a task are: the process's that has it in memory, or a store's.

Age says nothing: a job may wait for days. So each task that has files has a mark, an empty file
under DATA_DIR/owners, in the folder of its owner. A process holds a lock on its own folder, which
the kernel lets go of when the process dies; a store is asked which tasks it knows.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO
from uuid import uuid4

from .settings import get_settings

BATCH = 200  # tasks: some milliseconds for the disk, and for the store that is asked
PAUSE_S = 0.01
Knows = Callable[[list[str]], Iterable[str]]
Forget = Callable[[list[str]], None]


@dataclass(frozen=True)
class TaskStore:
    """Where an app keeps its tasks, if that outlives the process."""

    address: str  # of a server or a file; only its hash is written down
    knows: Knows | None = None

    @property
    def name(self) -> str:
        return f"store-{hashlib.sha256(self.address.encode()).hexdigest()[:16]}"


_store: TaskStore | None = None
_own: Path | None = None  # the folder of this process
_lock: IO[str] | None = None


def begin(store: TaskStore | None, *, is_api: bool) -> None:
    """Make the folders of marks; an API also gets one of its own, for as long as it lives."""
    global _store, _own, _lock
    _store = store
    _folder().mkdir(exist_ok=True)
    if store:
        (_folder() / store.name).mkdir(exist_ok=True)
    if is_api and not _own:
        own = _folder() / f"process-{uuid4().hex}.{store.name if store else 'memory'}"
        with _alone():  # else a sweeper could find the folder before it is locked
            own.mkdir()
            _lock = (own / "lock").open("w")
            fcntl.flock(_lock, fcntl.LOCK_EX)
        _own = own


def take(task_id: str) -> None:
    """Let this process answer for the files of a task that is about to be accepted."""
    if _own:
        (_own / task_id).touch()


def hand_over(task_id: str) -> None:
    """Let the store answer for a task that it has taken; one in memory stays where it is."""
    if _own and _store:
        with suppress(OSError):  # the store is asked when this process has died, too
            (_own / task_id).rename(_folder() / _store.name / task_id)


def mark(task_id: str) -> None:
    """Note that a task has got a file, whose owner may not know that yet."""
    if _store:
        (_folder() / _store.name / task_id).touch()
    elif _own:
        (_own / task_id).touch()


def drop(task_ids: Iterable[str]) -> None:
    """Take the marks of tasks away whose files are gone."""
    folders = [each for each in (_own, _store and _folder() / _store.name) if each]
    for task_id in task_ids:
        for folder in folders:
            (folder / task_id).unlink(missing_ok=True)


def forget_dead_processes(forget: Forget) -> None:
    """Forget what processes that have died had in memory, or had not yet handed to our store."""
    kinds = [".memory", *([f".{_store.name}"] if _store else [])]
    dead = [each for each in _folder().glob("process-*") if each.suffix in kinds and each != _own]
    for folder in dead:
        with _if_dead(folder) as is_dead:
            if is_dead:
                _empty(folder, forget)


def forget_unknown(forget: Forget) -> None:
    """Forget the files of tasks that our store does not know any more."""
    if _store and _store.knows:
        for batch in _batches(_folder() / _store.name):
            known = set(_store.knows(batch))
            forget([task_id for task_id in batch if task_id not in known])


def _empty(folder: Path, forget: Forget) -> None:
    for batch in _batches(folder):
        known: set[str] = set()
        if _store and folder.suffix == f".{_store.name}":
            # Killed between the acceptance and the note of it: the store knows the task.
            known = set(_store.knows(batch) if _store.knows else batch)
            for task_id in known:
                (folder / task_id).rename(_folder() / _store.name / task_id)
        unknown = [task_id for task_id in batch if task_id not in known]
        forget(unknown)
        for task_id in unknown:
            (folder / task_id).unlink(missing_ok=True)
    with suppress(OSError):  # another sweeper may look into it just now
        (folder / "lock").unlink(missing_ok=True)
        folder.rmdir()


def _batches(folder: Path) -> Iterator[list[str]]:
    with os.scandir(folder) as found:
        names = iter([each.name for each in found if each.name != "lock"])
    while batch := list(islice(names, BATCH)):
        yield batch
        time.sleep(PAUSE_S)


@contextmanager
def _if_dead(folder: Path) -> Iterator[bool]:
    """Tell whether the process of this folder is dead, and keep other sweepers off it if so."""
    with ExitStack() as opened:
        try:
            with _alone():
                lock = opened.enter_context((folder / "lock").open("a"))
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_dead = True
        except (BlockingIOError, FileNotFoundError):  # it lives, or another sweeper has it
            is_dead = False
        yield is_dead


@contextmanager
def _alone() -> Iterator[None]:
    with (_folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _folder() -> Path:
    return get_settings().data_dir / "owners"
