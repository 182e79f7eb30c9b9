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

from fastapi import APIRouter, Depends, Response
from kombu.exceptions import OperationalError
from pydantic import BaseModel, Field
from redis.exceptions import RedisError

from scenarios import contract, get_settings, http, ledger
from scenarios.recipes import tracing
from scenarios.status import TaskStatus

from .. import records, tasks
from ..celery_app import app

router = APIRouter(dependencies=[Depends(http.take_request_id)])
LEASE_S = 30  # keeps two relays apart, without a lock on the database while the broker is slow
SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (order_id TEXT PRIMARY KEY, product TEXT, quantity INTEGER);
CREATE TABLE IF NOT EXISTS outbox (task_id TEXT PRIMARY KEY, email TEXT, leased_until REAL);
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

    customer: contract.Address
    product: contract.Line
    quantity: Annotated[int, Field(ge=1, le=1000, strict=True)] = 1


# --8<-- [start:order]
@router.post("/orders", status_code=202, responses=contract.ACCEPTS)
def create_order(order: NewOrder) -> Response:
    """Order something; the confirmation goes out also if the broker is down now."""
    task_id = contract.new_task_id()
    subject, body = f"Your order: {order.product}"[:200], f"{order.quantity} x {order.product}\n"
    email = {"to": order.customer, "subject": subject, "body": body, "carried": tracing.pack()}
    with transaction() as database:  # both rows or none
        row = (task_id, order.product, order.quantity)
        database.execute("INSERT INTO orders VALUES (?, ?, ?)", row)
        database.execute("INSERT INTO outbox VALUES (?, ?, 0)", (task_id, json.dumps(email)))
    with suppress(OperationalError, RedisError):  # beat starts a relay as well, see `schedule.py`
        relay_outbox.apply_async(retry=False)
    return http.accepted(task_id, "/orders")


@router.get("/orders/{task_id}", responses=contract.UNKNOWN)
def read_order(task_id: str) -> TaskStatus:
    """Return the state of the confirmation: it is queued from the order on."""
    with transaction() as database:  # before the record, which is there when the row goes
        waits = database.execute("SELECT 1 FROM outbox WHERE task_id = ?", [task_id]).fetchone()
    if not (task := records.read(task_id)) and not waits:
        raise http.unknown(task_id)
    queued_at = contract.made_at(task_id)
    return task or TaskStatus(task_id=task_id, kind=contract.Kind.EMAIL, queued_at=queued_at)


# --8<-- [end:order]
# --8<-- [start:relay]
@app.task(ignore_result=True, autoretry_for=())
def relay_outbox() -> None:
    """Publish what waits; a crash before the DELETE publishes it again, with the same task id."""
    with transaction() as database:
        leased = database.execute(LEASE, {"now": time.time(), "lease": LEASE_S}).fetchall()
    for task_id, email in leased:
        arguments = json.loads(email)
        with tracing.unpacked(arguments.pop("carried", {})):  # the relay itself has no request
            tasks.publish(tasks.email, task_id, None, arguments)
        with transaction() as database:
            database.execute("DELETE FROM outbox WHERE task_id = ?", (task_id,))
        ledger.record("relayed", task_id)


# --8<-- [end:relay]
@contextmanager
def transaction() -> Iterator[sqlite3.Connection]:
    """Commit what the block does, or nothing of it."""
    path = get_settings().data_dir / "outbox.sqlite"
    with closing(sqlite3.connect(path, timeout=10)) as database:
        database.executescript(SCHEMA)
        with database:
            yield database
