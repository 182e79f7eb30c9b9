"""The client is sent round, by a cookie, until it meets the worker that took its task."""

import asyncio
import os
from typing import Annotated
from uuid import uuid4

from fastapi import BackgroundTasks, Cookie, FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from workshop.journal import record

app = FastAPI()
tasks: dict[str, str] = {}


async def run(task_id: str, seconds: float) -> None:
    tasks[task_id] = "running"
    record("started", task_id=task_id)
    await asyncio.sleep(seconds)
    tasks[task_id] = "finished"


@app.post("/tasks", status_code=202)
async def create_task(seconds: float, jobs: BackgroundTasks, response: Response) -> dict[str, str]:
    task_id = uuid4().hex
    response.set_cookie("worker", str(os.getpid()))
    tasks[task_id] = "queued"
    jobs.add_task(run, task_id, seconds)
    return {"task_id": task_id}


@app.get("/tasks/{task_id}", response_model=None)
async def read_task(
    task_id: str, request: Request, worker: Annotated[int, Cookie()] = 0
) -> dict[str, str] | RedirectResponse:
    if task_id in tasks:
        return {"status": tasks[task_id]}
    if worker not in (0, os.getpid()):
        return RedirectResponse(request.url)  # the next try may reach the other one
    raise HTTPException(404, f"no task {task_id!r}")
