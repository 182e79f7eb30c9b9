"""The SQLite file of the recipes, and a session for a request."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Annotated

from fastapi import Depends

from scenarios import get_settings

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    user_id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT NOT NULL UNIQUE, email TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS items (name TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS imports (import_id TEXT PRIMARY KEY, orders INTEGER);
CREATE TABLE IF NOT EXISTS imported (
    import_id TEXT NOT NULL, day TEXT NOT NULL, region TEXT NOT NULL,
    product TEXT NOT NULL, quantity INTEGER NOT NULL, unit_price_cents INTEGER NOT NULL
);
"""


def connect() -> sqlite3.Connection:
    """Open the database; the caller closes it."""
    # FastAPI enters and leaves a `def` dependency in two threads, one after the other.
    path = get_settings().data_dir / "recipes.sqlite"
    database = sqlite3.connect(path, timeout=10, check_same_thread=False)
    database.executescript(SCHEMA)
    return database


# --8<-- [start:session]
def open_session() -> Iterator[sqlite3.Connection]:
    """Commit and close when the route returns: before the response, and so before the jobs.

    With FastAPI's usual scope, "request", the commit comes after the jobs, which then do not
    find the row; and the connection stays taken for as long as they run.
    """
    with closing(connect()) as database, database:
        yield database


Session = Annotated[sqlite3.Connection, Depends(open_session, scope="function")]
# --8<-- [end:session]
