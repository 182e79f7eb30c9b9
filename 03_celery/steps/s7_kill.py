"""What does a crash do to it?

    fastapi run 03_celery/steps/s7_kill.py
    celery --workdir 03_celery/steps -A s7_kill.celery worker -Q urgent,celery

In step 6 a job whose worker was killed with -9 comes back after an hour. Here it does after
LONGEST_S seconds. What comes back may have been done: `run` claims each job, so that it is not
done twice. `s7_kill.txt` shows what to type and what happens.
"""

import os
import time
from dataclasses import dataclass

from celery import Celery
from celery.exceptions import Reject
from fastapi import FastAPI, HTTPException
from kombu.exceptions import OperationalError
from redis import Redis, RedisError

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")

LIMIT = 4  # jobs that may wait
DRAIN_S = 1  # how long a stop waits for them
LONGEST_S = 10  # no job takes longer


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
    "visibility_timeout": LONGEST_S,  # then an unfinished job of a dead worker comes back
    "unacked_restore_interval": 1,  # seconds between two looks, as far as the next line allows
    "unacked_restore_throttle": 1,  # 10 would mean: only at every tenth time
    "queue_order_strategy": "priority",  # else a worker takes from its queues in turn
}
celery.conf.task_reject_on_worker_lost = True  # also if only the process of the job has died
celery.conf.task_acks_late = True  # a job that was cut off goes back into the queue
celery.conf.worker_soft_shutdown_timeout = DRAIN_S
celery.conf.worker_prefetch_multiplier = 1  # what a worker holds, no other and no limit can see
celery.conf.worker_log_format = "process %(process)d: %(message)s"
celery.conf.redis_socket_connect_timeout = celery.conf.redis_socket_timeout = 1
celery.conf.result_backend_transport_options = {"retry_policy": {"max_retries": 1}}
tasks = Redis.from_url(REDIS_URL, decode_responses=True, **PATIENCE)
app = FastAPI()


def draw_invoice(to: str) -> int:
    return sum(number * number for number in range(10_000_000))  # a second of pure computing


def send_email(to: str) -> None:
    print(f"sending to {to}")
    if "@" not in to:
        raise ValueError(f"cannot deliver to {to!r}: no '@' in the address")
    if to.endswith("@busy.example"):
        raise ConnectionError("the mail server is busy, try again later")
    draw_invoice(to)
    time.sleep(2)  # stands for a mail server that takes its time
    print(f"sent to {to}")


@celery.task(autoretry_for=(ConnectionError,), max_retries=2, retry_backoff=1, retry_jitter=False)
def run(to: str) -> None:
    claim = f"claim:{run.request.id}:{run.request.retries}"
    if tasks.set(claim, "running", nx=True, ex=LONGEST_S):
        send_email(to)
        tasks.set(claim, "sent", ex=3600)
    elif tasks.get(claim) == "running":  # perhaps in another worker, perhaps in one that died
        time.sleep(1)
        raise Reject("it was delivered before", requeue=True)


@app.post("/emails", status_code=202)
def create_email(to: str, urgent: bool = False) -> Task:
    queue = "urgent" if urgent else "celery"
    try:
        if tasks.llen(queue) >= LIMIT:
            raise HTTPException(503, f"{LIMIT} jobs are waiting", {"Retry-After": "3"})
        task = Task(run.apply_async((to,), queue=queue).id, to)
        tasks.hset("tasks", task.task_id, to)
    except (RedisError, OperationalError, RuntimeError) as error:
        raise HTTPException(503, "Redis does not answer", {"Retry-After": "5"}) from error
    return task


@app.get("/tasks/{task_id}")
def read_task(task_id: str) -> Task:
    found = run.AsyncResult(task_id)
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
