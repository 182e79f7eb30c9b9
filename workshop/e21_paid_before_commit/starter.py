"""A shop that charges for orders before they are committed."""

import os
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI, HTTPException

from workshop.journal import record

FILE = Path(os.environ.get("DATA_DIR", ".")) / "shop.db"
TABLES = """
CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, quantity INTEGER, status TEXT);
CREATE TABLE IF NOT EXISTS stock (item TEXT PRIMARY KEY, left INTEGER CHECK (left >= 0));
"""
app = FastAPI()
workers = ThreadPoolExecutor(4)


@contextmanager
def transaction() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(FILE, timeout=10)
    try:
        connection.executescript(TABLES)
        with connection:  # commits at the end, or rolls back
            yield connection
    finally:
        connection.close()


def charge(order_id: str) -> None:
    with transaction() as database:
        rows = database.execute("SELECT quantity FROM orders WHERE id = ?", (order_id,)).fetchall()
    amount = rows[0][0] * 10 if rows else 0
    record("charged", order_id=order_id, amount=amount)
    with transaction() as database:
        database.execute("UPDATE orders SET status = 'charged' WHERE id = ?", (order_id,))


@app.post("/orders/{order_id}", status_code=202)
def create_order(order_id: str, item: str, quantity: int) -> dict[str, str]:
    try:
        with transaction() as database:
            database.execute("INSERT INTO orders VALUES (?, ?, 'open')", (order_id, quantity))
            workers.submit(charge, order_id)
            time.sleep(0.2)  # more of the order is written: lines, address, discount
            database.execute("INSERT OR IGNORE INTO stock VALUES (?, 5)", (item,))
            database.execute("UPDATE stock SET left = left - ? WHERE item = ?", (quantity, item))
    except sqlite3.IntegrityError as error:
        raise HTTPException(409, str(error)) from None
    return {"order_id": order_id}


@app.get("/orders/{order_id}")
def read_order(order_id: str) -> dict[str, str]:
    with transaction() as database:
        rows = database.execute("SELECT status FROM orders WHERE id = ?", (order_id,)).fetchall()
    if not rows:
        raise HTTPException(404, f"no order {order_id!r}")
    return {"status": rows[0][0]}
