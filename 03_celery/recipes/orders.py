"""Enqueue after the commit, and lose nothing in between: the outbox.

Order and message are committed together, in one transaction of one database; a relay publishes what
it finds there, until the broker has it. At least once, so the message has an id of its own.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Annotated

from fastapi import APIRouter
from kombu.exceptions import OperationalError
from pydantic import BaseModel, Field
from redis.exceptions import RedisError

from scenarios import get_settings, http, ledger
from scenarios.contract import ACCEPTS, Accepted, Address, JSONDict, Line, new_task_id

from .. import tasks
from ..celery_app import app

router = APIRouter()
settings = get_settings()
LEASE_S = 30
SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (order_id TEXT PRIMARY KEY, product TEXT, quantity INTEGER);
CREATE TABLE IF NOT EXISTS outbox (
    task_id TEXT PRIMARY KEY, email TEXT NOT NULL, leased_until REAL NOT NULL DEFAULT 0
);
"""
LEASE = """
UPDATE outbox SET leased_until = :now + :lease WHERE task_id IN (
    SELECT task_id FROM outbox
    WHERE leased_until NOT BETWEEN :now AND :now + :lease -- one beyond: the date was set back
    ORDER BY rowid LIMIT 100
) RETURNING task_id, email
"""


class NewOrder(BaseModel):
    """What somebody buys."""

    customer: Address
    product: Line
    quantity: Annotated[int, Field(ge=1, le=1000, strict=True)] = 1


# --8<-- [start:order]
@router.post("/orders", status_code=202, response_model=Accepted, responses=ACCEPTS)
def create_order(order: NewOrder) -> object:
    """Order something; the confirmation goes out also if the broker is down now."""
    task_id = new_task_id()
    email = {
        "to": order.customer,
        "subject": f"Your order: {order.product}"[:200],
        "body": f"{order.quantity} x {order.product}\n",
    }
    with transaction() as database:  # both rows or none
        values = (task_id, order.product, order.quantity)
        database.execute("INSERT INTO orders VALUES (?, ?, ?)", values)
        insert = "INSERT INTO outbox (task_id, email) VALUES (?, ?)"
        database.execute(insert, (task_id, json.dumps(email)))
    with suppress(OperationalError, RedisError):  # beat starts a relay as well, see `schedule.py`
        relay_outbox.apply_async(retry=False)
    return http.accepted(task_id)


# --8<-- [end:order]
# --8<-- [start:relay]
@app.task(ignore_result=True, autoretry_for=())
def relay_outbox() -> None:
    """Publish what waits; a crash before the DELETE publishes it again, with the same task id.

    The lease keeps two relays apart without a lock on the database while the broker is slow.
    """
    with transaction() as database:
        leased = database.execute(LEASE, {"now": time.time(), "lease": LEASE_S}).fetchall()
    for task_id, email in leased:
        arguments: JSONDict = json.loads(email)
        tasks.publish(tasks.email, task_id, None, arguments)
        with transaction() as database:
            database.execute("DELETE FROM outbox WHERE task_id = ?", (task_id,))
        ledger.record("relayed", task_id)


# --8<-- [end:relay]
@contextmanager
def transaction() -> Iterator[sqlite3.Connection]:
    """Commit what the block does, or nothing of it."""
    path = settings.data_dir / "outbox.sqlite"
    with closing(sqlite3.connect(path, timeout=10)) as database:
        database.executescript(SCHEMA)
        with database:
            yield database
