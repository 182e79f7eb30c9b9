"""Why does my API freeze?

    fastapi dev 03_celery/steps/s4_it_blocks.py
    celery --workdir 03_celery/steps -A s4_it_blocks.celery worker

The worker may compute as long as it likes, but `delay` itself waits, 19 s when Redis is down.
Here it waits in a thread, since `create_email` is a plain `def`, and not longer than it must.
`s4_it_blocks.txt` shows what to type and what happens.
"""

import os
import time
from dataclasses import dataclass

from celery import Celery
from fastapi import FastAPI, HTTPException
from kombu.exceptions import OperationalError
from redis import Redis, RedisError

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")


@dataclass
class Task:
    task_id: str
    to: str
    status: str = "PENDING"  # Celery's words: STARTED, SUCCESS, FAILURE, RETRY, REVOKED
    error: str | None = None


celery = Celery("steps", broker=REDIS_URL, backend=REDIS_URL)
celery.conf.task_track_started = True
PATIENCE = {"socket_connect_timeout": 1, "socket_timeout": 1}  # seconds
celery.conf.broker_transport_options = PATIENCE | {"max_retries": 1}
celery.conf.redis_socket_connect_timeout = celery.conf.redis_socket_timeout = 1
celery.conf.result_backend_transport_options = {"retry_policy": {"max_retries": 1}}
tasks = Redis.from_url(REDIS_URL, decode_responses=True, **PATIENCE)
app = FastAPI()


def draw_invoice(to: str) -> int:
    return sum(number * number for number in range(10_000_000))  # a second of pure computing


@celery.task(autoretry_for=(ConnectionError,), max_retries=2, retry_backoff=1, retry_jitter=False)
def send_email(to: str) -> None:
    print(f"sending to {to}")
    if "@" not in to:
        raise ValueError(f"cannot deliver to {to!r}: no '@' in the address")
    if to.endswith("@busy.example"):
        raise ConnectionError("the mail server is busy, try again later")
    draw_invoice(to)
    time.sleep(2)  # stands for a mail server that takes its time
    print(f"sent to {to}")


@app.post("/emails", status_code=202)
def create_email(to: str) -> Task:
    try:
        task = Task(send_email.delay(to).id, to)
        tasks.hset("tasks", task.task_id, to)
    except (RedisError, OperationalError, RuntimeError) as error:
        raise HTTPException(503, "Redis does not answer", {"Retry-After": "5"}) from error
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
