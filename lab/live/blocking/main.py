"""The API: each picture waits for its webhook on the event loop, and everybody waits with it."""

import json
import os
import threading
import time
from pathlib import Path
from urllib.request import Request, urlopen
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, HTTPException, UploadFile

tasks: dict[str, str] = {}
app = FastAPI(title="BackgroundTasks, blocking")


@app.post("/images", status_code=202)
async def create_image(file: UploadFile, background: BackgroundTasks) -> dict[str, str]:
    task_id = str(uuid4())
    tasks[task_id] = "queued"
    record("accepted", task_id)
    background.add_task(call_webhook, task_id)
    return {"task_id": task_id}


async def call_webhook(task_id: str) -> None:
    tasks[task_id] = "running"
    record("started", task_id)
    body = json.dumps({"task_id": task_id}).encode()
    # Nothing is awaited here, so the event loop stands still until the other side answers.
    with urlopen(Request(os.environ["WEBHOOK_URL"], body)):  # noqa: ASYNC210 - the mistake itself
        pass
    tasks[task_id] = "succeeded"
    record("effect", task_id)
    record("finished", task_id)


@app.get("/tasks/{task_id}")
async def read_task(task_id: str) -> dict[str, str]:
    if task_id not in tasks:
        raise HTTPException(404)
    return {"task_id": task_id, "status": tasks[task_id]}


@app.get("/healthz")
async def read_health() -> dict[str, str]:
    return {"status": "ok"}


def record(event: str, task_id: str) -> None:
    """Tell the ledger, which the live page counts by."""
    thread = threading.current_thread().name
    facts = {"event": event, "task_id": task_id, "pid": os.getpid(), "thread": thread}
    with Path(os.environ["DATA_DIR"], "ledger.jsonl").open("a") as ledger:
        ledger.write(json.dumps({"t": time.monotonic(), **facts}) + "\n")
