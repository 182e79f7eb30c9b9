"""The search index of pictures: SQLite's FTS5, which an ordinary file holds."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

from scenarios.contract import JSONDict
from scenarios.settings import get_settings

BATCH = 50  # one transaction: other jobs wait no longer than this takes, some milliseconds


def index(task_id: str, facts: JSONDict) -> None:
    """Put the picture's facts into the search index; a second run replaces the first."""
    text = " ".join([facts["format"], *facts["operations"], f"{facts['width']}x{facts['height']}"])
    with _opened() as database, database:
        _remove(database, [task_id])
        added = database.execute("INSERT INTO pictures VALUES (?, ?)", (task_id, text))
        database.execute("INSERT INTO picture_rows VALUES (?, ?)", (task_id, added.lastrowid))


def fill(task_ids: Iterable[str], facts: str) -> None:
    """Put many pictures into the index at once: it is measured with as many as a year brings."""
    with _opened() as database, database:
        for task_id in task_ids:
            added = database.execute("INSERT INTO pictures VALUES (?, ?)", (task_id, facts))
            database.execute("INSERT INTO picture_rows VALUES (?, ?)", (task_id, added.lastrowid))


def forget_pictures(task_ids: Iterable[str]) -> None:
    """Take the pictures of these tasks out of the index; a task without one is fine."""
    if not _path().exists():
        return
    rest = iter(task_ids)
    with _opened() as database:
        while batch := list(islice(rest, BATCH)):
            with database:
                _remove(database, batch)


@contextmanager
def _opened() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(_path(), timeout=30)) as database:
        database.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS pictures USING fts5 (task_id UNINDEXED, facts)"
        )
        # FTS5 finds a row by its words and by its number, and would read all rows for a task.
        database.execute(
            "CREATE TABLE IF NOT EXISTS picture_rows"
            " (task_id TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID"
        )
        yield database


def _path() -> Path:
    return get_settings().data_dir / "pictures.sqlite"


def _remove(database: sqlite3.Connection, task_ids: list[str]) -> None:
    ids = [(task_id,) for task_id in task_ids]
    database.executemany(
        "DELETE FROM pictures WHERE rowid = (SELECT number FROM picture_rows WHERE task_id = ?)",
        ids,
    )
    database.executemany("DELETE FROM picture_rows WHERE task_id = ?", ids)
