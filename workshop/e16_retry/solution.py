"""A task that retries what may pass, with growing pauses."""

import os

from celery import Celery
from fastapi import FastAPI

from workshop.journal import record

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

app = FastAPI()
celery = Celery("mail", broker=REDIS_URL)


class MailboxFull(Exception):
    """Tomorrow it may be empty."""


class NoSuchAddress(Exception):
    """There never was one, and trying again does not help."""


@celery.task(
    autoretry_for=(MailboxFull,),
    retry_backoff=True,  # 1, 2, 4 seconds; default_retry_delay counts only without it
    retry_jitter=False,  # on by default: any pause from 0 up to the one above
    max_retries=3,
)
def send(to: str) -> None:
    record("tried", to=to)
    if to.startswith("full"):
        raise MailboxFull(to)
    if to.startswith("nobody"):
        raise NoSuchAddress(to)
    record("sent", to=to)


@app.post("/emails/{to}", status_code=202)
def create_email(to: str) -> dict[str, str]:
    send.delay(to)
    return {"status": "queued"}
