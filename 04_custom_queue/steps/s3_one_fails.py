"""What if one fails?

    fastapi dev 04_custom_queue/steps/s3_one_fails.py

In step 2 the first error ends the worker, silently, and every later task stays "queued". Here
`run` catches every error; after one that may pass, it puts the task back for another try.
`s3_one_fails.txt` shows what to type and what happens.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from fastapi import FastAPI, HTTPException


@dataclass
class Task:
    task_id: str
    to: str
    status: str = "queued"
    error: str | None = None
    attempts: int = 0


tasks: dict[str, Task] = {}
queue: asyncio.Queue[Task] = asyncio.Queue()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    working = asyncio.create_task(worker())
    yield
    working.cancel()


app = FastAPI(lifespan=lifespan)


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
    task.attempts += 1
    try:
        await send_email(task.to)
        task.status = "succeeded"
    except Exception as error:  # whatever goes wrong, the task must come to an end
        task.status, task.error = "failed", str(error) or repr(error)
        if isinstance(error, ConnectionError) and task.attempts < 3:
            task.status = "queued"  # to try again in 1 s, then in 2 s
            asyncio.get_running_loop().call_later(task.attempts, queue.put_nowait, task)
        print(f"failed: {task.error}")


async def worker() -> None:
    while True:
        await run(await queue.get())


@app.post("/emails", status_code=202)
async def create_email(to: str) -> Task:
    task = Task(str(uuid4()), to)
    tasks[task.task_id] = task
    queue.put_nowait(task)
    return task


@app.get("/tasks/{task_id}")
async def read_task(task_id: str) -> Task:
    if task_id not in tasks:
        raise HTTPException(404, f"no task {task_id}")
    return tasks[task_id]
