"""Can I take a job back, and can I say no?

    fastapi dev 02_asyncio_create_task/steps/s5_take_it_back.py

The handle in `running` can do more than hold the job: it can cancel it, at its next `await`.
And since the jobs can be counted, one too many is refused with a 503 that says when to come
back. `s5_take_it_back.txt` shows what to type and what happens.
"""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, HTTPException

LIMIT = 4  # jobs at once


@dataclass
class Task:
    task_id: str
    to: str
    status: str = "queued"
    error: str | None = None


tasks: dict[str, Task] = {}
running: dict[str, asyncio.Task[None]] = {}
threads = CapacityLimiter(2)
app = FastAPI()


def draw_invoice(to: str) -> int:
    return sum(number * number for number in range(10_000_000))  # a second of pure computing


async def send_email(to: str) -> None:
    print(f"sending to {to}")
    if "@" not in to:
        raise ValueError(f"cannot deliver to {to!r}: no '@' in the address")
    if to.endswith("@busy.example"):
        raise ConnectionError("the mail server is busy, try again later")
    await to_thread.run_sync(draw_invoice, to, limiter=threads, abandon_on_cancel=True)
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
async def create_email(to: str) -> Task:
    if len(running) >= LIMIT:
        raise HTTPException(503, f"{LIMIT} jobs are running", {"Retry-After": "3"})
    task = Task(str(uuid4()), to)
    tasks[task.task_id] = task
    # asyncio itself keeps no hold of a task: one that only waits could be thrown away.
    running[task.task_id] = asyncio.create_task(run(task))
    running[task.task_id].add_done_callback(lambda _: running.pop(task.task_id))
    return task


@app.get("/tasks/{task_id}")
async def read_task(task_id: str) -> Task:
    if task_id not in tasks:
        raise HTTPException(404, f"no task {task_id}")
    return tasks[task_id]


@app.delete("/tasks/{task_id}", status_code=202)
async def cancel_task(task_id: str) -> Task:
    task = await read_task(task_id)
    if task_id in running:
        task.status = "cancelled"
        running[task_id].cancel()
    return task
