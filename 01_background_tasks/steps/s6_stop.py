"""What does a deploy do to it?

    fastapi run 01_background_tasks/steps/s6_stop.py

On SIGTERM the server waits for its jobs as long as they take, but a platform kills it at some
time. With `uvicorn --timeout-graceful-shutdown 1` it waits one second; `lifespan` says what was
cut off. `s6_stop.txt` shows what to type and what happens.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, HTTPException


@dataclass
class Task:
    task_id: str
    to: str
    status: str = "queued"
    error: str | None = None


tasks: dict[str, Task] = {}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield  # the server has waited for the jobs, unless it was given a limit for that
    for task in tasks.values():
        if task.status in ("queued", "running"):
            task.status = "interrupted"
            print(f"interrupted: the mail to {task.to}")


app = FastAPI(lifespan=lifespan)


def draw_invoice(to: str) -> int:
    return sum(number * number for number in range(10_000_000))  # a second of pure computing


def send_email(to: str) -> None:
    print(f"sending to {to}")
    if "@" not in to:
        raise ValueError(f"cannot deliver to {to!r}: no '@' in the address")
    if to.endswith("@busy.example"):
        raise ConnectionError("the mail server is busy, try again later")
    draw_invoice(to)
    time.sleep(2)  # stands for a mail server that takes its time
    print(f"sent to {to}")


def run(task: Task) -> None:
    task.status = "running"
    try:
        send_email(task.to)
        task.status = "succeeded"
    except Exception as error:  # whatever goes wrong, the task must come to an end
        task.status, task.error = "failed", str(error) or repr(error)
        print(f"failed: {task.error}")


@app.post("/emails", status_code=202)
async def create_email(to: str, background: BackgroundTasks) -> Task:
    task = Task(str(uuid4()), to)
    tasks[task.task_id] = task
    background.add_task(run, task)
    background.add_task(print, f"noted the mail to {to}")  # begins when the one above has ended
    return task


@app.get("/tasks/{task_id}")
async def read_task(task_id: str) -> Task:
    if task_id not in tasks:
        raise HTTPException(404, f"no task {task_id}")
    return tasks[task_id]
