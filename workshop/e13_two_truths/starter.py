"""A service that knows only half of its tasks as soon as it runs with two workers."""

import asyncio
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, HTTPException

from workshop.journal import record

app = FastAPI()
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
