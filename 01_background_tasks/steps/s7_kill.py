"""What does a crash do to it?

    fastapi run 01_background_tasks/steps/s7_kill.py

`kill -9` or a power cut leaves no time to say anything: the jobs are gone, and so is `tasks`.
With `--workers 2` each process has its own `tasks`, so the client gets a 404 at random. Nothing
in this file can mend that: move on to folder 03 or 04. `s7_kill.txt` shows what to type and
what happens.
"""

import os
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
        raise HTTPException(404, f"process {os.getpid()} knows no task {task_id}")
    return tasks[task_id]
