"""A shop in which a double click buys twice."""

import time
from typing import Annotated
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, Header, HTTPException
from pydantic import BaseModel

from workshop.journal import record

app = FastAPI()
orders: dict[str, str] = {}
Key = Annotated[str | None, Header(alias="Idempotency-Key")]


class Order(BaseModel):
    item: str
    quantity: int = 1


def reserve(order_id: str, order: Order) -> None:
    time.sleep(0.3)  # the warehouse takes its time
    record("reserved", order_id=order_id, item=order.item)


def deliver(order_id: str, order: Order) -> None:
    time.sleep(0.3)
    record("delivered", order_id=order_id, item=order.item)
    orders[order_id] = "delivered"


@app.post("/orders", status_code=202)
def create_order(order: Order, jobs: BackgroundTasks, key: Key = None) -> dict[str, str]:
    order_id = uuid4().hex
    reserve(order_id, order)
    orders[order_id] = "accepted"
    jobs.add_task(deliver, order_id, order)
    return {"order_id": order_id}


@app.get("/orders/{order_id}")
def read_order(order_id: str) -> dict[str, str]:
    if order_id not in orders:
        raise HTTPException(404, f"no order {order_id!r}")
    return {"status": orders[order_id]}
