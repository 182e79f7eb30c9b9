"""The database of orders: rows of each report, for as long as its task is known."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from .settings import get_settings

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    task_id TEXT NOT NULL, day TEXT NOT NULL, region TEXT NOT NULL, product TEXT NOT NULL,
    quantity INTEGER NOT NULL, unit_price_cents INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS orders_of_task ON orders (task_id, region);
"""
AT_ONCE = 1000  # rows of one transaction: a job that writes waits no longer than this takes
REMOVE = """DELETE FROM orders WHERE rowid IN
    (SELECT rowid FROM orders WHERE task_id = ? LIMIT ?)"""


def connect() -> sqlite3.Connection:
    """Open the database of orders; each job has its own connection, opened where it runs."""
    database = sqlite3.connect(_path(), timeout=30)
    database.execute("PRAGMA journal_mode=WAL")
    database.executescript(SCHEMA)
    return database


def forget_orders(task_ids: Iterable[str]) -> None:
    """Remove the rows of these tasks; a task without any is fine."""
    if not _path().exists():
        return
    with closing(connect()) as database:
        for task_id in task_ids:
            removed = AT_ONCE
            while removed == AT_ONCE:
                with database:
                    removed = database.execute(REMOVE, (task_id, AT_ONCE)).rowcount


def _path() -> Path:
    return get_settings().data_dir / "orders.sqlite"
