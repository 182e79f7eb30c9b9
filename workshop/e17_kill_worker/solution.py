"""A studio whose films come back when a worker is killed."""

import os
import time

from celery import Celery
from fastapi import FastAPI

from workshop.journal import record

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

app = FastAPI()
celery = Celery("studio", broker=REDIS_URL)
celery.conf.task_acks_late = True  # a film is acknowledged when it is made, not when it begins
celery.conf.task_reject_on_worker_lost = True  # and goes back when its process dies
celery.conf.worker_prefetch_multiplier = 1
celery.conf.broker_transport_options = {
    "visibility_timeout": 3,  # longer than any film: a film that takes longer is made twice
    "unacked_restore_interval": 1,  # by default only every 100 s somebody looks
    "unacked_restore_throttle": 1,
}


@celery.task
def make_film(number: int) -> None:
    record("started", number=number)
    time.sleep(1)
    record("finished", number=number)


@app.post("/films/{number}", status_code=202)
def create_film(number: int) -> dict[str, str]:
    make_film.delay(number)
    return {"status": "queued"}
