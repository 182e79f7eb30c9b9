"""A service in which every task exists, also one that nobody ever asked for."""

import os

from celery import Celery
from celery.result import AsyncResult
from fastapi import FastAPI

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

app = FastAPI()
celery = Celery("reports", broker=REDIS_URL, backend=REDIS_URL)


@celery.task
def make_report(month: str) -> str:
    if month == "undecember":
        raise ValueError("there is no 13th month")
    return f"report of {month}"


@app.post("/reports/{month}", status_code=202)
def create_report(month: str) -> dict[str, str]:
    return {"task_id": make_report.delay(month).id}


@app.get("/tasks/{task_id}")
def read_task(task_id: str) -> dict[str, str | None]:
    found = AsyncResult(task_id, app=celery)
    return {"status": found.status, "result": found.result, "error": None}
