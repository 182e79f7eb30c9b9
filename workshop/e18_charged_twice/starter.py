"""A shop that charges some customers more than once."""

import os
import time

from celery import Celery
from celery.result import AsyncResult
from fastapi import FastAPI

from workshop.journal import record

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

app = FastAPI()
celery = Celery("shop", broker=REDIS_URL, backend=REDIS_URL)
celery.conf.task_acks_late = True
celery.conf.task_reject_on_worker_lost = True
celery.conf.worker_prefetch_multiplier = 1
celery.conf.broker_transport_options = {
    "visibility_timeout": 1,  # shorter than the bank is slow, and it cannot be raised for ever
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}


def ask_bank(order: str) -> str:
    time.sleep(3)  # today the bank is slow
    receipt = f"receipt {time.monotonic()}"
    record("charged", order=order, receipt=receipt)
    return receipt


@celery.task
def charge(order: str) -> str:
    record("started", order=order)
    return ask_bank(order)


@app.post("/orders/{order}", status_code=202)
def create_order(order: str) -> dict[str, str]:
    charge.apply_async((order,), task_id=order)
    return {"status": "queued"}


@app.get("/orders/{order}")
def read_order(order: str) -> dict[str, str | None]:
    found = AsyncResult(order, app=celery)
    return {"status": found.status, "receipt": found.result if found.successful() else None}
