"""The file of the durable queue: its tables, how a row becomes a task, and who uses it."""

import fcntl
import json
import os
import sqlite3
import time
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from scenarios.contract import Status
from scenarios.status import RanIn

from ..job_queue import QueueUnavailable, Task
from .group_commit import patiently

VERSION = 2
# Each partial index holds only the rows that its question is about, so it stays small and cheap.
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS tasks (
    number INTEGER PRIMARY KEY,        -- order of arrival
    task_id TEXT NOT NULL UNIQUE,
    key TEXT,
    fingerprint TEXT,                  -- of the request that the key belongs to
    kind TEXT NOT NULL,
    arguments TEXT NOT NULL,           -- this, result and ran_in: JSON
    priority INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'queued',
    progress INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    result TEXT,
    error TEXT,
    queued_at REAL NOT NULL,           -- seconds since the epoch, for people to read
    started_at REAL,
    finished_at REAL,
    ended_at REAL,                     -- on the file's own clock, see below
    ran_in TEXT,
    due REAL NOT NULL DEFAULT 0,       -- not taken before this date; 0: at once
    ready REAL NOT NULL DEFAULT 0,     -- nor before this time on the file's own clock
    owner TEXT,                        -- the queue that runs it
    cancel_asked INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX IF NOT EXISTS by_key ON tasks (key) WHERE key IS NOT NULL;
CREATE INDEX IF NOT EXISTS waiting ON tasks (priority DESC, number, due, ready)
    WHERE status = 'queued';
CREATE INDEX IF NOT EXISTS oldest ON tasks (ready) WHERE status = 'queued' AND due = 0;
CREATE INDEX IF NOT EXISTS dated ON tasks (due) WHERE status = 'queued' AND due > 0;
CREATE INDEX IF NOT EXISTS running ON tasks (owner) WHERE status = 'running';
CREATE INDEX IF NOT EXISTS ended ON tasks (ended_at) WHERE ended_at IS NOT NULL;

-- Pauses and ages are measured on a clock that nobody can set: the monotonic clock plus `base`.
CREATE TABLE IF NOT EXISTS clock (one INTEGER PRIMARY KEY, base REAL NOT NULL, seen REAL NOT NULL);
INSERT OR IGNORE INTO clock VALUES (1, 0, 0);

-- Every queue that lives renews its lease, on the monotonic clock, which all processes share.
CREATE TABLE IF NOT EXISTS owners (
    owner TEXT PRIMARY KEY, workers INTEGER NOT NULL, lease_until REAL NOT NULL
);

-- Counting a million rows takes too long for a route, so every transaction keeps count.
CREATE TABLE IF NOT EXISTS counts (status TEXT PRIMARY KEY, tasks INTEGER NOT NULL);
INSERT OR IGNORE INTO counts VALUES {", ".join(f"('{status}', 0)" for status in Status)};
PRAGMA user_version = {VERSION};
"""
FROM_VERSION_1 = """
ALTER TABLE tasks ADD COLUMN fingerprint TEXT;
ALTER TABLE tasks ADD COLUMN ended_at REAL;
ALTER TABLE tasks ADD COLUMN ready REAL NOT NULL DEFAULT 0;
UPDATE tasks SET ended_at = finished_at, ready = queued_at;
DROP INDEX waiting;
DROP INDEX ended;
"""
# Other programs count their versions, too, and may have a table `tasks`; ours has this index.
OURS = "SELECT * FROM sqlite_master WHERE tbl_name = 'tasks' AND name = 'waiting'"
STATE = f"""SELECT user_version, EXISTS (SELECT * FROM sqlite_master), EXISTS ({OURS})
    FROM pragma_user_version"""
STATUS = {str(status): status for status in Status}
COLUMNS = """number, task_id, key, kind, arguments, priority, status, progress, attempts, result,
    error, queued_at, started_at, finished_at, ran_in, due, fingerprint"""


class FileId(NamedTuple):
    """What tells the queue's file and SQLite's log of it apart from others in their places."""

    file: tuple[int, int] | None
    log: tuple[int, int] | None


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, and make it if there is none.

    Raises `QueueUnavailable`, `OSError` and `sqlite3.Error`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        patiently(partial(set_up, db))
    except BaseException:
        db.close()
        raise
    return db


def identify(path: Path) -> FileId:
    """Return which file and which log are there now."""
    return FileId(find_inode(path), find_inode(beside(path, "-wal")))


def find_inode(path: Path) -> tuple[int, int] | None:
    """Return device and inode; None if there is no such file."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    return facts.st_dev, facts.st_ino


def beside(path: Path, suffix: str) -> Path:
    """Return a file that belongs to the queue's: the same one if `path` is a symbolic link."""
    real = path.resolve()
    return real.with_name(f"{real.name}{suffix}")


def drop_log(path: Path, known: FileId) -> None:
    """Remove the log of a file that is gone: SQLite would apply it to the one in its place.

    Other processes may do the same now, and make a new log, which stays.
    """
    log = beside(path, "-wal")
    with suppress(FileNotFoundError), log.open("rb") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        facts = os.fstat(opened.fileno())
        if (facts.st_dev, facts.st_ino) == known.log == find_inode(log):
            beside(path, "-shm").unlink(missing_ok=True)
            log.unlink()


def set_up(db: sqlite3.Connection) -> None:
    """Make the tables if there are none; refuses a file of another program or a newer version."""
    version = check(db)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA cache_size = -65536")  # KiB
    db.execute("PRAGMA wal_autocheckpoint = 4000")  # pages: fewer, larger checkpoints
    if version < VERSION:
        db.execute("BEGIN IMMEDIATE")
        changes = FROM_VERSION_1 if check(db) == 1 else ""  # another process may do the same now
        for statement in (changes + SCHEMA).split(";\n"):  # `executescript` would commit first
            db.execute(statement)
        db.execute("COMMIT")


def check(db: sqlite3.Connection) -> int:
    """Return the version of the tables, 0 if there are none; raises `QueueUnavailable`."""
    version, has_tables, is_ours = db.execute(STATE).fetchone()
    if version > VERSION:
        raise QueueUnavailable(
            f"the queue's file has schema {version}, and this app knows {VERSION}: update it"
        )
    if has_tables and not (version and is_ours):
        raise QueueUnavailable("the queue's file is another database: choose another QUEUE_DB")
    return int(version)


def to_task(row: tuple[Any, ...]) -> Task:  # Any: columns of several types
    """Turn the `COLUMNS` of a row into a task."""
    (number, task_id, key, kind, arguments, priority, status, progress, attempts) = row[:9]
    (result, error, queued_at, started_at, finished_at, ran_in, due, fingerprint) = row[9:]
    return Task(
        task_id=task_id,
        kind=kind,
        arguments=json.loads(arguments),
        priority=priority,
        key=key,
        fingerprint=fingerprint,
        due=due,
        number=number,
        status=STATUS[status],
        progress=progress,
        attempts=attempts,
        result=json.loads(result) if result else None,
        error=error,
        queued_at=queued_at,
        started_at=started_at,
        finished_at=finished_at,
        ran_in=RanIn.model_validate_json(ran_in) if ran_in else None,
    )


def find_known(path: Path, task_ids: list[str]) -> list[str]:
    """Return those of the ids that a task in the file has; raises if it cannot be read now."""
    with closing(connect(path)) as db:
        return [task_id for (task_id,) in db.execute(sql_known(len(task_ids)), task_ids)]


def sql_known(count: int) -> str:
    return f"SELECT task_id FROM tasks WHERE task_id IN ({', '.join('?' * count)})"


def set_clock(db: sqlite3.Connection) -> None:
    """Put the file's clock forward to the time of day, and never back.

    The monotonic clock stands while no process looks at the file, and a reboot starts it anew. If
    the time of day was set back meanwhile, the clock goes on from where it was last seen.
    """
    facts = (time.time(), time.monotonic())
    db.execute("UPDATE clock SET base = max(seen, ?) - ?", facts)


class Presence:
    """A lock that all queues on a file share; the kernel lets go of it when a process dies."""

    def __init__(self, path: Path) -> None:
        self._file = beside(path, ".lock").open("w")

    def is_alone(self) -> bool:
        """Tell whether no other queue uses the file; if so, others wait until `share`."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def share(self) -> None:
        """Hold the lock together with others; waits while another queue has asked `is_alone`."""
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def leave(self) -> None:
        """Let go of the lock."""
        self._file.close()


def join(path: Path, db: sqlite3.Connection) -> Presence:
    """Use the file. A queue that is alone on it takes over the tasks of dead ones at once."""
    presence = Presence(path)
    try:
        if presence.is_alone():
            patiently(partial(db.execute, "DELETE FROM owners"))
            patiently(partial(set_clock, db))
        presence.share()
    except BaseException:
        presence.leave()
        raise
    return presence
