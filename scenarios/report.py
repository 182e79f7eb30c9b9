"""Make a sales report from a CSV of orders: long, several steps, a PDF to fetch."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from .contract import JSONDict
from .errors import WorkError
from .files import discard_upload, publish, recall, remember, upload_path
from .reports.order_file import Order, parse_orders
from .reports.orders import add_up, connect
from .status import ReportProgress


# --8<-- [start:report]
def make_report(task_id: str, title: str, report_progress: ReportProgress) -> JSONDict:
    """Store the orders, add them up by region in SQL and publish a PDF.

    Returns `title`, `orders` (their number), `total`, `regions` (amounts as decimal strings) and
    `size_bytes`. Of more than 100 regions the largest are returned, and `regions_left_out`.
    Raises `WorkError` on a bad row; nothing of that file stays in the database.
    """
    report_progress(0)
    if done := recall(task_id):
        return done
    with closing(connect()) as database:
        store_orders(database, task_id)
        report_progress(25)
        sums = add_up(database, "task_id", task_id)
    report_progress(50)
    from .reports.report_pdf import render_pdf  # heavy, and needed by this step alone

    pdf = render_pdf(title, sums.orders, sums.total, sums.regions)
    report_progress(75)
    publish(task_id, ".pdf", pdf)
    result: JSONDict = {
        "title": title,
        "orders": sums.orders,
        "total": str(sums.total),
        "regions": {region: str(amount) for region, amount in sums.regions.items()},
        "size_bytes": len(pdf),
    }
    if left_out := sums.region_count - len(sums.regions):
        result["regions_left_out"] = left_out
    return remember(task_id, result)


# --8<-- [end:report]
def store_orders(database: sqlite3.Connection, task_id: str) -> None:
    """Insert every row of the upload or none."""
    try:
        with database:
            # A second run of the same job replaces what the first one may have stored.
            database.execute("DELETE FROM orders WHERE task_id = ?", (task_id,))
            insert = "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)"
            database.executemany(insert, read_orders(task_id))
    except WorkError:
        discard_upload(task_id)
        raise


def read_orders(task_id: str) -> Iterator[tuple[str, *Order]]:
    """Yield the orders of the upload with the task's id, one for each row, reading as it goes."""
    with upload_path(task_id).open(encoding="utf-8-sig", newline="") as file:
        for order in parse_orders(file):
            yield task_id, *order
