"""How does the client learn what became of it?

    fastapi dev 03_celery/steps/s2_ask_later.py
    celery --workdir 03_celery/steps -A s2_ask_later.celery worker

Celery keeps a state for each job in Redis, but calls an id that it has never seen PENDING, too.
So the ids that were accepted are kept beside it, and all others are a 404. `s2_ask_later.txt`
shows what to type and what happens.
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


celery = Celery("steps", broker=REDIS_URL, backend=REDIS_URL)
celery.conf.task_track_started = True
tasks = Redis.from_url(REDIS_URL, decode_responses=True)
app = FastAPI()


@celery.task
def send_email(to: str) -> None:
    print(f"sending to {to}")
    if "@" not in to:
        raise ValueError(f"cannot deliver to {to!r}: no '@' in the address")
    time.sleep(2)  # stands for a mail server that takes its time
    print(f"sent to {to}")


@app.post("/emails", status_code=202)
async def create_email(to: str) -> Task:
    task = Task(send_email.delay(to).id, to)
    tasks.hset("tasks", task.task_id, to)
    return task


@app.get("/tasks/{task_id}")
def read_task(task_id: str) -> Task:
    state = send_email.AsyncResult(task_id).state
    to = tasks.hget("tasks", task_id)
    if to is None:
        raise HTTPException(404, f"no task {task_id}, although Celery calls it {state}")
    return Task(task_id, str(to), state)
