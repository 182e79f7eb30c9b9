"""Moves the long wait into a thread."""

import os

from celery import Celery
from fastapi import FastAPI, HTTPException
from fastapi.concurrency import run_in_threadpool
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

app = FastAPI()
celery = Celery("reports", broker=REDIS_URL, backend=REDIS_URL)


@celery.task
def make_report(month: str) -> str:
    return f"report of {month}"


@app.post("/reports/{month}", status_code=202)
async def create_report(month: str) -> dict[str, str]:
    try:
        result = await run_in_threadpool(make_report.apply_async, (month,))
    except (OperationalError, RedisError, RuntimeError):  # RuntimeError: of the result backend
        raise HTTPException(503, "no broker", headers={"Retry-After": "5"}) from None
    return {"task_id": result.id}


@app.get("/ping")
async def ping() -> dict[str, str]:
    return {"answer": "pong"}
