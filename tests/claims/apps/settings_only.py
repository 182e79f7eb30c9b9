"""A Celery app in a module of its own, without the module of its tasks."""

import os

from celery import Celery

app = Celery("jobs", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
