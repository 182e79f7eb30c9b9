"""A service that keeps a record of what it accepted, beside the result backend."""

import os
from uuid import uuid4

from celery import Celery
from celery.result import AsyncResult
from fastapi import FastAPI, HTTPException
from redis import Redis

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

app = FastAPI()
celery = Celery("reports", broker=REDIS_URL, backend=REDIS_URL)
records = Redis.from_url(REDIS_URL)


@celery.task
def make_report(month: str) -> str:
    if month == "undecember":
        raise ValueError("there is no 13th month")
    return f"report of {month}"


@app.post("/reports/{month}", status_code=202)
def create_report(month: str) -> dict[str, str]:
    task_id = uuid4().hex
    records.set(f"task:{task_id}", month, ex=86_400)  # first: a quick reader must find it
    make_report.apply_async((month,), task_id=task_id)
    return {"task_id": task_id}


@app.get("/tasks/{task_id}")
def read_task(task_id: str) -> dict[str, str | None]:
    if not records.exists(f"task:{task_id}"):
        raise HTTPException(404, f"no task {task_id!r}")
    found = AsyncResult(task_id, app=celery)
    status = found.status  # asked once: a moment later it may be another
    if status == "FAILURE":
        return {"status": status, "result": None, "error": str(found.result)}
    result = found.result if status == "SUCCESS" else None
    return {"status": status, "result": result, "error": None}
