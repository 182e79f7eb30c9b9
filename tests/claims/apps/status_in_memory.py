"""The status of tasks in a dictionary, as tutorials keep it."""

import os
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, HTTPException

app = FastAPI()
ran_in: dict[str, int | None] = {}


@app.get("/ping")
async def ping() -> int:
    return os.getpid()


def work(task_id: str) -> None:
    ran_in[task_id] = os.getpid()


@app.post("/tasks")
async def create(tasks: BackgroundTasks) -> dict[str, str | int]:
    task_id = uuid4().hex
    ran_in[task_id] = None
    tasks.add_task(work, task_id)
    return {"id": task_id, "taken_by": os.getpid()}


@app.get("/tasks/{task_id}")
async def read(task_id: str) -> dict[str, int | None]:
    if task_id not in ran_in:
        raise HTTPException(404)
    return {"ran_in": ran_in[task_id]}
