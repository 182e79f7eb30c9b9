"""The settings of each user in SQLite, and which version of them the other service has."""

import json
import sqlite3
from contextlib import closing

from pydantic import BaseModel

from scenarios.contract import JSONDict

from .jobs import settings

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (
    user_id TEXT PRIMARY KEY, content TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1, synced_version INTEGER NOT NULL DEFAULT 0
)
"""


class Stored(BaseModel):
    """The settings of a user; the other service has them once `synced_version` equals `version`."""

    settings: JSONDict
    version: int
    synced_version: int


def connect() -> sqlite3.Connection:
    """Open the database, in the thread that uses it; the caller closes it."""
    database = sqlite3.connect(settings.data_dir / "recipes.sqlite", timeout=10)
    database.execute(SCHEMA)
    return database


def store(user_id: str, wanted: JSONDict) -> None:
    """Replace the settings of a user."""
    with closing(connect()) as database, database:
        database.execute(
            "INSERT INTO settings (user_id, content) VALUES (?, ?) ON CONFLICT (user_id)"
            " DO UPDATE SET content = excluded.content, version = version + 1",
            (user_id, json.dumps(wanted)),
        )


def read(user_id: str) -> Stored:
    """Return the settings of a user; raise KeyError if there are none."""
    with closing(connect()) as database:
        select = "SELECT content, version, synced_version FROM settings WHERE user_id = ?"
        if not (row := database.execute(select, (user_id,)).fetchone()):
            raise KeyError(user_id)
    return Stored(settings=json.loads(row[0]), version=row[1], synced_version=row[2])


def note_synced(user_id: str, version: int) -> None:
    """Note what the other service has."""
    with closing(connect()) as database, database:
        update = "UPDATE settings SET synced_version = MAX(synced_version, ?) WHERE user_id = ?"
        database.execute(update, (version, user_id))
