"""How does the client learn what became of it?

    fastapi dev 02_asyncio_create_task/steps/s2_ask_later.py

After step 1 the client hears no more of its mail. Here the job notes how far it is in `tasks`,
and the client asks with the id from its answer. `s2_ask_later.txt` shows what to type and what
happens.
"""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

from fastapi import FastAPI, HTTPException


@dataclass
class Task:
    task_id: str
    to: str
    status: str = "queued"


tasks: dict[str, Task] = {}
app = FastAPI()


async def send_email(to: str) -> None:
    print(f"sending to {to}")
    if "@" not in to:
        raise ValueError(f"cannot deliver to {to!r}: no '@' in the address")
    await asyncio.sleep(2)  # stands for a mail server that takes its time
    print(f"sent to {to}")


async def run(task: Task) -> None:
    task.status = "running"
    await send_email(task.to)
    task.status = "succeeded"


@app.post("/emails", status_code=202)
async def create_email(to: str) -> Task:
    task = Task(str(uuid4()), to)
    tasks[task.task_id] = task
    asyncio.create_task(run(task))  # noqa: RUF006 - step 3 shows what this line lacks
    return task


@app.get("/tasks/{task_id}")
async def read_task(task_id: str) -> Task:
    if task_id not in tasks:
        raise HTTPException(404, f"no task {task_id}")
    return tasks[task_id]
