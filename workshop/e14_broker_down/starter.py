"""A service that stands still while its broker is away."""

import os

from celery import Celery
from fastapi import FastAPI

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
BROKER_URL = os.environ.get("BROKER_URL", REDIS_URL)

app = FastAPI()
celery = Celery("reports", broker=BROKER_URL, backend=REDIS_URL)


@celery.task
def make_report(month: str) -> str:
    return f"report of {month}"


@app.post("/reports/{month}", status_code=202)
async def create_report(month: str) -> dict[str, str]:
    return {"task_id": make_report.delay(month).id}


@app.get("/ping")
async def ping() -> dict[str, str]:
    return {"answer": "pong"}
