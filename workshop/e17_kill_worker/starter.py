"""A studio whose films are gone when a worker is killed."""

import os
import time

from celery import Celery
from fastapi import FastAPI

from workshop.journal import record

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

app = FastAPI()
celery = Celery("studio", broker=REDIS_URL)


@celery.task
def make_film(number: int) -> None:
    record("started", number=number)
    time.sleep(1)
    record("finished", number=number)


@app.post("/films/{number}", status_code=202)
def create_film(number: int) -> dict[str, str]:
    make_film.delay(number)
    return {"status": "queued"}
