"""Make a sales report from a CSV of orders: long, several steps, a PDF to fetch."""

import csv
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal

from .contract import JSONDict
from .errors import WorkError
from .files import discard_upload, publish, recall, remember, upload_path
from .orders import connect
from .status import ReportProgress
from .uploads.orders import COLUMNS

QUANTITY = re.compile(r"\d{1,5}", re.ASCII)  # `int` refuses thousands of digits with its own error
PRICE = re.compile(r"\d{1,7}(\.\d{1,2})?", re.ASCII)
MAX_QUANTITY = 10_000  # 10 MiB of the largest orders still add up within 64 bits
Order = tuple[str, str, str, str, int, int]


def make_report(task_id: str, title: str, report_progress: ReportProgress) -> JSONDict:
    """Store the orders, add them up by region in SQL and publish a PDF.

    Returns `title`, `orders` (their number), `total` and `regions` (amounts as decimal strings)
    and `size_bytes`.
    Raises `WorkError` on a bad row; nothing of that file stays in the database.
    """
    report_progress(0)
    if done := recall(task_id):
        return done
    with closing(connect()) as database:
        orders = store_orders(database, task_id)
        report_progress(25)
        regions = add_up(database, task_id)
    report_progress(50)
    from .report_pdf import render_pdf  # heavy, and needed by this step alone

    total = sum(regions.values(), Decimal())
    pdf = render_pdf(title, orders, total, regions)
    report_progress(75)
    publish(task_id, ".pdf", pdf)
    result = {
        "title": title,
        "orders": orders,
        "total": str(total),
        "regions": {region: str(amount) for region, amount in regions.items()},
        "size_bytes": len(pdf),
    }
    return remember(task_id, result)


def store_orders(database: sqlite3.Connection, task_id: str) -> int:
    """Insert every row of the upload or none, and return how many there are."""
    try:
        with database:
            # A second run of the same job replaces what the first one may have stored.
            database.execute("DELETE FROM orders WHERE task_id = ?", (task_id,))
            insert = "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)"
            return database.executemany(insert, read_orders(task_id)).rowcount
    except WorkError:
        discard_upload(task_id)
        raise


def read_orders(task_id: str) -> Iterator[Order]:
    """Yield one checked order per row of the upload, reading as it goes."""
    with upload_path(task_id).open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        try:
            for number, row in enumerate(rows, start=2):
                if row:
                    yield task_id, *parse_row(number, row)
        except csv.Error as error:
            raise WorkError(f"row {rows.line_num} is no CSV: {error}") from error


def parse_row(number: int, row: list[str]) -> tuple[str, str, str, int, int]:
    """Turn one row into day, region, product, quantity and price in cents."""

    def refuse(column: str, value: str, wanted: str) -> WorkError:
        return WorkError(f"row {number}, column {column!r}: {value[:80]!r} is not {wanted}")

    if len(row) != len(COLUMNS):
        raise WorkError(f"row {number} has {len(row)} columns instead of {len(COLUMNS)}")
    day, region, product, quantity, unit_price = (value.strip() for value in row)
    try:
        date.fromisoformat(day)
    except ValueError:
        raise refuse("date", day, "a date such as 2026-11-21") from None
    for column, value in (("region", region), ("product", product)):
        if not 1 <= len(value) <= 100:
            raise refuse(column, value, "a name of 1 to 100 characters")
    if not (QUANTITY.fullmatch(quantity) and 1 <= int(quantity) <= MAX_QUANTITY):
        raise refuse("quantity", quantity, f"a whole number from 1 to {MAX_QUANTITY}")
    if not PRICE.fullmatch(unit_price):
        raise refuse("unit_price", unit_price, "a price such as 19.90")
    return day, region, product, int(quantity), int(Decimal(unit_price) * 100)


def add_up(database: sqlite3.Connection, task_id: str) -> dict[str, Decimal]:
    """Return the turnover of each region, the largest first."""
    cents = database.execute(
        "SELECT region, SUM(quantity * unit_price_cents) AS cents FROM orders"
        " WHERE task_id = ? GROUP BY region ORDER BY cents DESC, region",
        (task_id,),
    )
    return {region: Decimal(amount).scaleb(-2) for region, amount in cents}
