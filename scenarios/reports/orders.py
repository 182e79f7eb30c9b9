"""The database of orders: rows of each report, for as long as its task is known."""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

from scenarios.settings import get_settings

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    task_id TEXT NOT NULL, day TEXT NOT NULL, region TEXT NOT NULL, product TEXT NOT NULL,
    quantity INTEGER NOT NULL, unit_price_cents INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS orders_of_task ON orders (task_id, region);
"""
AT_ONCE = 1000  # rows of one transaction: a job that writes waits no longer than this takes
REMOVE = """DELETE FROM orders WHERE rowid IN
    (SELECT rowid FROM orders WHERE task_id IN (SELECT value FROM json_each(?)) LIMIT ?)"""


MOST_REGIONS = 100  # in a result: each client that asks for the status is sent them
# The sums of many files do not fit 64 bits: cents are added up in two halves.
HALF = 1_000_000
CENTS = f"""TOTAL(quantity * unit_price_cents), SUM(quantity * unit_price_cents / {HALF}),
    SUM(quantity * unit_price_cents % {HALF})"""
TURNOVER = f"""SELECT region, {CENTS} FROM orders WHERE {{column}} = ?
    GROUP BY region ORDER BY 2 DESC, region LIMIT ?"""
SUMS = f"SELECT COUNT(*), COUNT(DISTINCT region), {CENTS} FROM orders WHERE {{column}} = ?"


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
    facts = (json.dumps(list(task_ids)), AT_ONCE)
    with closing(connect()) as database:
        # Rows that a power cut brings back are removed by a later sweep.
        database.execute("PRAGMA synchronous = NORMAL")
        removed = AT_ONCE
        while removed == AT_ONCE:
            with database:
                removed = database.execute(REMOVE, facts).rowcount


@dataclass(frozen=True)
class Turnover:
    """What some orders add up to; `regions` are the largest, `total` is that of all."""

    orders: int
    total: Decimal
    regions: dict[str, Decimal]
    region_count: int


def add_up(database: sqlite3.Connection, column: Literal["task_id", "day"], value: str) -> Turnover:
    """Add up the orders of a task or a day, exactly; SQL does it, so memory stays small."""
    orders, region_count, *cents = database.execute(SUMS.format(column=column), (value,)).fetchone()
    rows = database.execute(TURNOVER.format(column=column), (value, MOST_REGIONS))
    regions = {region: to_amount(*parts) for region, *parts in rows}
    return Turnover(orders, to_amount(*cents), regions, region_count)


def to_amount(_: float, high: int | None, low: int | None) -> Decimal:
    """Return the exact amount of two halves of cents; SQL has no sum of no rows."""
    return Decimal((high or 0) * HALF + (low or 0)).scaleb(-2)


def _path() -> Path:
    return get_settings().data_dir / "orders.sqlite"
