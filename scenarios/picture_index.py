"""The search index of pictures: SQLite's FTS5, which an ordinary file holds."""

import sqlite3
from contextlib import closing

from .contract import JSONDict
from .settings import get_settings


def index(task_id: str, facts: JSONDict) -> None:
    """Put the picture's facts into the search index; a second run replaces the first."""
    text = " ".join([facts["format"], *facts["operations"], f"{facts['width']}x{facts['height']}"])
    path = get_settings().data_dir / "pictures.sqlite"
    with closing(sqlite3.connect(path, timeout=30)) as database, database:
        database.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS pictures USING fts5 (task_id UNINDEXED, facts)"
        )
        database.execute("DELETE FROM pictures WHERE task_id = ?", (task_id,))
        database.execute("INSERT INTO pictures VALUES (?, ?)", (task_id, text))
