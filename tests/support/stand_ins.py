"""A folder with tiny apps and a tiny Celery worker, to test the lab without the real ones."""

from pathlib import Path

import psutil

APPROACHES = """
[01_background_tasks]
title = "An app"
summary = "Answers."
port = 8001
services = ["mailbox"]

[02_asyncio_create_task]
title = "An app that does not start"
summary = "Fails."
port = 8002
services = []

[03_celery]
title = "An app and a worker"
summary = "Answers."
port = 8003
services = ["mailbox", "valkey", "worker"]
"""

APP = """
import json, os

async def app(scope, receive, send):
    if scope["type"] == "http":
        facts = {"env": dict(os.environ), "pid": os.getpid()}
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(facts).encode()})
"""

WORKER = """
import os
from celery import Celery

app = Celery("stand_in", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
"""


def write_stand_ins(root: Path) -> Path:
    """Write the folders under `root` and return it."""
    files = {
        "approaches.toml": APPROACHES,
        "01_background_tasks/main.py": APP,
        "02_asyncio_create_task/main.py": "raise RuntimeError('this app cannot start')",
        "03_celery/main.py": APP,
        "03_celery/celery_app.py": WORKER,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return root


def running(pids: list[int]) -> list[int]:
    """Return those of the processes that still run."""
    return [
        process.pid
        for process in psutil.process_iter(["status"])
        if process.pid in pids and process.info["status"] != psutil.STATUS_ZOMBIE
    ]
