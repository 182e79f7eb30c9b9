"""What if one fails?

    fastapi dev 01_background_tasks/steps/s3_one_fails.py

In step 2 the task of a failed job stays "running", and the next job of that request is dropped.
Here `run` catches every error, so each task comes to an end that the client can read.
`s3_one_fails.txt` shows what to type and what happens.
"""

import asyncio
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
app = FastAPI()


async def send_email(to: str) -> None:
    print(f"sending to {to}")
    if "@" not in to:
        raise ValueError(f"cannot deliver to {to!r}: no '@' in the address")
    if to.endswith("@busy.example"):
        raise ConnectionError("the mail server is busy, try again later")
    await asyncio.sleep(2)  # stands for a mail server that takes its time
    print(f"sent to {to}")


async def run(task: Task) -> None:
    task.status = "running"
    try:
        await send_email(task.to)
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
