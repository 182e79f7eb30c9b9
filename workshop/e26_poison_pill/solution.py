"""A studio that gives a picture up when it has killed three workers."""

import os

from celery import Celery
from fastapi import FastAPI, HTTPException
from redis import Redis

from workshop.journal import record

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

MAX_STARTS = 3
app = FastAPI()
celery = Celery("studio", broker=REDIS_URL)
celery.conf.task_acks_late = True
celery.conf.task_reject_on_worker_lost = True  # what its process dies of goes back to the queue
celery.conf.worker_prefetch_multiplier = 1
redis = Redis.from_url(REDIS_URL, decode_responses=True)


def draw(name: str) -> None:
    if name.startswith("poison"):
        os.kill(os.getpid(), 9)  # as the kernel does when the memory is full
    record("drawn", name=name)


@celery.task
def make_picture(name: str) -> None:
    # Counted before the work, in Redis: a process that is killed counts nothing afterwards.
    starts = int(str(redis.hincrby(f"picture:{name}", "starts", 1)))
    if starts > MAX_STARTS:
        error = f"given up: it has killed its worker {starts - 1} times"
        redis.hset(f"picture:{name}", mapping={"status": "failed", "error": error})
        return
    record("started", name=name)
    draw(name)
    redis.hset(f"picture:{name}", mapping={"status": "finished", "starts": 0})


@app.post("/pictures/{name}", status_code=202)
def create_picture(name: str) -> dict[str, str]:
    redis.hset(f"picture:{name}", mapping={"status": "queued", "error": ""})
    make_picture.delay(name)
    return {"status": "queued"}


@app.get("/pictures/{name}")
def read_picture(name: str) -> dict[str, str]:
    if not (found := redis.hgetall(f"picture:{name}")):
        raise HTTPException(404, f"no picture {name!r}")
    return found
