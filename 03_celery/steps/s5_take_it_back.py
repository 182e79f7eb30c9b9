"""Can I take a job back, and can I say no?

    fastapi dev 03_celery/steps/s5_take_it_back.py
    celery --workdir 03_celery/steps -A s5_take_it_back.celery worker -Q urgent,celery

A worker forgets a job that was revoked, and kills it if it runs. A 503 refuses what is too
much. Urgent jobs go first because they have a queue of their own, which the worker empties
before the other. `s5_take_it_back.txt` shows what to type and what happens.
"""

import os
import time
from dataclasses import dataclass

from celery import Celery
from fastapi import FastAPI, HTTPException
from kombu.exceptions import OperationalError
from redis import Redis, RedisError

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")

LIMIT = 4  # jobs that may wait


@dataclass
class Task:
    task_id: str
    to: str
    status: str = "PENDING"  # Celery's words: STARTED, SUCCESS, FAILURE, RETRY, REVOKED
    error: str | None = None


celery = Celery("steps", broker=REDIS_URL, backend=REDIS_URL)
celery.conf.task_track_started = True
PATIENCE = {"socket_connect_timeout": 1, "socket_timeout": 1}  # seconds
celery.conf.broker_transport_options = PATIENCE | {
    "max_retries": 1,
    "queue_order_strategy": "priority",  # else a worker takes from its queues in turn
}
celery.conf.worker_prefetch_multiplier = 1  # what a worker holds, no other and no limit can see
celery.conf.worker_log_format = "process %(process)d: %(message)s"
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
def create_email(to: str, urgent: bool = False) -> Task:
    queue = "urgent" if urgent else "celery"
    try:
        if tasks.llen(queue) >= LIMIT:
            raise HTTPException(503, f"{LIMIT} jobs are waiting", {"Retry-After": "3"})
        task = Task(send_email.apply_async((to,), queue=queue).id, to)
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


@app.delete("/tasks/{task_id}", status_code=202)
def cancel_task(task_id: str) -> Task:
    celery.control.revoke(task_id, terminate=True)
    return read_task(task_id)
