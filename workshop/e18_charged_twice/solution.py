"""A shop in which one run claims the order, and every other one waits for its receipt."""

import os
import time

from celery import Celery
from celery.result import AsyncResult
from fastapi import FastAPI
from redis import Redis

from workshop.journal import record

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

app = FastAPI()
celery = Celery("shop", broker=REDIS_URL, backend=REDIS_URL)
redis = Redis.from_url(REDIS_URL, decode_responses=True)
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
    if redis.set(f"claim:{order}", "taken", nx=True, ex=86_400):  # asks and takes in one step
        redis.set(f"receipt:{order}", ask_bank(order), ex=86_400)
    while (receipt := redis.get(f"receipt:{order}")) is None:
        time.sleep(0.1)
    return str(receipt)


@app.post("/orders/{order}", status_code=202)
def create_order(order: str) -> dict[str, str]:
    charge.apply_async((order,), task_id=order)
    return {"status": "queued"}


@app.get("/orders/{order}")
def read_order(order: str) -> dict[str, str | None]:
    found = AsyncResult(order, app=celery)
    status = found.status  # asked once: a moment later it may be another
    return {"status": status, "receipt": found.result if status == "SUCCESS" else None}
