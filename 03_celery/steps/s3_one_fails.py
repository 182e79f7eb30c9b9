"""What if one fails?

    fastapi dev 03_celery/steps/s3_one_fails.py
    celery --workdir 03_celery/steps -A s3_one_fails.celery worker

In step 2 a failed job ends as FAILURE, without the reason, and is not tried again. Here the
client reads the error, and one that may pass is tried again after 1 s and 2 s.
`s3_one_fails.txt` shows what to type and what happens.
"""

import os
import time
from dataclasses import dataclass

from celery import Celery
from fastapi import FastAPI, HTTPException
from redis import Redis

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")


@dataclass
class Task:
    task_id: str
    to: str
    status: str = "PENDING"  # Celery's words: STARTED, SUCCESS, FAILURE, RETRY, REVOKED
    error: str | None = None


celery = Celery("steps", broker=REDIS_URL, backend=REDIS_URL)
celery.conf.task_track_started = True
tasks = Redis.from_url(REDIS_URL, decode_responses=True)
app = FastAPI()


@celery.task(autoretry_for=(ConnectionError,), max_retries=2, retry_backoff=1, retry_jitter=False)
def send_email(to: str) -> None:
    print(f"sending to {to}")
    if "@" not in to:
        raise ValueError(f"cannot deliver to {to!r}: no '@' in the address")
    if to.endswith("@busy.example"):
        raise ConnectionError("the mail server is busy, try again later")
    time.sleep(2)  # stands for a mail server that takes its time
    print(f"sent to {to}")


@app.post("/emails", status_code=202)
async def create_email(to: str) -> Task:
    task = Task(send_email.delay(to).id, to)
    tasks.hset("tasks", task.task_id, to)
    return task


@app.get("/tasks/{task_id}")
def read_task(task_id: str) -> Task:
    found = send_email.AsyncResult(task_id)
    state = found.state  # asked once: the job may go on between two looks
    to = tasks.hget("tasks", task_id)
    if to is None:
        raise HTTPException(404, f"no task {task_id}, although Celery calls it {state}")
    error = str(found.result) if state in ("RETRY", "FAILURE") else None
    return Task(task_id, str(to), state, error)
