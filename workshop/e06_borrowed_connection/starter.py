"""A shop whose database allows one connection at a time."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI

from workshop.journal import record

FILE = Path(os.environ.get("DATA_DIR", ".")) / "orders.db"
app = FastAPI()
pool = threading.Semaphore(1)  # what the database allows; it cannot be raised


@contextmanager
def connect() -> Iterator[sqlite3.Connection]:
    with pool:
        record("connected")
        connection = sqlite3.connect(FILE, check_same_thread=False)
        connection.execute("CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, status TEXT)")
        try:
            yield connection
            connection.commit()
        finally:
            connection.close()
            record("returned")


def get_connection() -> Iterator[sqlite3.Connection]:
    with connect() as connection:
        yield connection


Connection = Annotated[sqlite3.Connection, Depends(get_connection)]


def confirm(connection: sqlite3.Connection, order_id: str) -> None:
    time.sleep(1.5)  # the warehouse takes its time
    connection.execute("UPDATE orders SET status = 'confirmed' WHERE id = ?", (order_id,))
    record("confirmed", order_id=order_id)


@app.post("/orders/{order_id}", status_code=202)
def create_order(order_id: str, connection: Connection, jobs: BackgroundTasks) -> dict[str, str]:
    connection.execute("INSERT OR REPLACE INTO orders VALUES (?, 'open')", (order_id,))
    jobs.add_task(confirm, connection, order_id)
    return {"status": "open"}


@app.get("/orders/{order_id}")
def read_order(order_id: str, connection: Connection) -> dict[str, str]:
    rows = connection.execute("SELECT status FROM orders WHERE id = ?", (order_id,)).fetchall()
    return {"status": rows[0][0] if rows else "unknown"}
