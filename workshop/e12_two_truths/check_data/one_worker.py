"""Only one of the two workers serves: the other waits for its lock; a crash forgets all."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, HTTPException

from workshop.journal import record

FILE = Path(os.environ.get("DATA_DIR", ".")) / "one.lock"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    with FILE.open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield


app = FastAPI(lifespan=lifespan)
tasks: dict[str, str] = {}


async def run(task_id: str, seconds: float) -> None:
    tasks[task_id] = "running"
    record("started", task_id=task_id)
    await asyncio.sleep(seconds)
    tasks[task_id] = "finished"


@app.post("/tasks", status_code=202)
async def create_task(seconds: float, jobs: BackgroundTasks) -> dict[str, str]:
    task_id = uuid4().hex
    tasks[task_id] = "queued"
    jobs.add_task(run, task_id, seconds)
    return {"task_id": task_id}


@app.get("/tasks/{task_id}")
async def read_task(task_id: str) -> dict[str, str]:
    if task_id not in tasks:
        raise HTTPException(404, f"no task {task_id!r}")
    return {"status": tasks[task_id]}
