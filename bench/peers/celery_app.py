"""Celery with a job that does nothing; the worker of the measurement loads it."""

import os

from celery import Celery

REDIS_URL = os.environ.get("REDIS_URL", "")
app = Celery("bench", broker=REDIS_URL, backend=REDIS_URL)


@app.task
def noop() -> None:
    """Do nothing."""
