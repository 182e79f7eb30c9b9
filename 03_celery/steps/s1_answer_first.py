"""How do I answer before the work is done?

    fastapi dev 03_celery/steps/s1_answer_first.py
    celery --workdir 03_celery/steps -A s1_answer_first.celery worker

`delay` puts the job into Redis, and a worker, which is another process, takes it from there.
Stop the worker and post again: the job waits until there is one. `s1_answer_first.txt` shows
what to type and what happens.
"""

import asyncio
import os
import time

from celery import Celery
from fastapi import FastAPI

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")

celery = Celery("steps", broker=REDIS_URL)
app = FastAPI()


@celery.task
def send_email(to: str) -> None:
    print(f"sending to {to}")
    if "@" not in to:
        raise ValueError(f"cannot deliver to {to!r}: no '@' in the address")
    time.sleep(2)  # stands for a mail server that takes its time
    print(f"sent to {to}")


@app.post("/emails", status_code=202)
async def create_email(to: str) -> dict[str, str]:
    send_email.delay(to)
    await asyncio.sleep(0.1)  # stands for a query to a database
    return {"status": "queued"}
