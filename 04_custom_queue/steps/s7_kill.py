"""What does a crash do to it?

    fastapi run 04_custom_queue/steps/s7_kill.py

In step 6 `kill -9` loses the queue. Here each task is a row in a file before its 202 goes out,
and the next start puts all that had not ended back into the queue. So a job that was cut off
runs again: look for the mail that is begun twice. `s7_kill.txt` shows what to type and what
happens.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from uuid import uuid4

from anyio import CancelScope, to_process
from fastapi import FastAPI, HTTPException

LIMIT = 4  # jobs that may wait
DRAIN_S = 5  # how long a stop waits for them


@dataclass
class Task:
    task_id: str
    to: str
    status: str = "queued"
    error: str | None = None
    attempts: int = 0
    urgent: bool = False
    queued_at: float = field(default_factory=time.time)

    def __lt__(self, other: "Task") -> bool:  # the queue asks: which of the two comes first?
        return (not self.urgent, self.queued_at) < (not other.urgent, other.queued_at)


tasks: dict[str, Task] = {}
running: dict[str, CancelScope] = {}
db = sqlite3.connect("s7_kill.sqlite", isolation_level=None)
queue: asyncio.PriorityQueue[Task] = asyncio.PriorityQueue()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    db.execute("CREATE TABLE IF NOT EXISTS tasks (task_id PRIMARY KEY, fields)")
    for (fields,) in db.execute("SELECT fields FROM tasks"):
        task = Task(**json.loads(fields))
        tasks[task.task_id] = task
        if task.status in ("queued", "running"):
            task.status = "queued"
            queue.put_nowait(task)
    working = asyncio.create_task(worker())
    yield
    with suppress(TimeoutError):
        await asyncio.wait_for(queue.join(), DRAIN_S)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)  # its job may tidy up


app = FastAPI(lifespan=lifespan)


def draw_invoice(to: str) -> int:
    return sum(number * number for number in range(10_000_000))  # a second of pure computing


async def send_email(to: str) -> None:
    print(f"sending to {to}")
    if "@" not in to:
        raise ValueError(f"cannot deliver to {to!r}: no '@' in the address")
    if to.endswith("@busy.example"):
        raise ConnectionError("the mail server is busy, try again later")
    await to_process.run_sync(draw_invoice, to, cancellable=True)
    await asyncio.sleep(2)  # stands for a mail server that takes its time
    print(f"sent to {to}")


def save(task: Task) -> None:
    db.execute("REPLACE INTO tasks VALUES (?, ?)", (task.task_id, json.dumps(asdict(task))))


async def run(task: Task) -> None:
    task.status = "running"
    task.attempts += 1
    save(task)
    try:
        await send_email(task.to)
        task.status = "succeeded"
    except Exception as error:  # whatever goes wrong, the task must come to an end
        task.status, task.error = "failed", str(error) or repr(error)
        if isinstance(error, ConnectionError) and task.attempts < 3:
            task.status = "queued"  # to try again in 1 s, then in 2 s
            asyncio.get_running_loop().call_later(task.attempts, queue.put_nowait, task)
        print(f"failed: {task.error}")
    save(task)


async def worker() -> None:
    while True:
        task = await queue.get()
        if task.status == "queued":  # nobody has taken it back
            with CancelScope() as running[task.task_id]:
                await run(task)
            del running[task.task_id]
        queue.task_done()


@app.post("/emails", status_code=202)
async def create_email(to: str, urgent: bool = False) -> Task:
    if queue.qsize() >= LIMIT:
        raise HTTPException(503, f"{LIMIT} jobs are waiting", {"Retry-After": "3"})
    task = Task(str(uuid4()), to, urgent=urgent)
    tasks[task.task_id] = task
    save(task)  # before the answer: a 202 is a promise
    queue.put_nowait(task)
    return task


@app.get("/tasks/{task_id}")
async def read_task(task_id: str) -> Task:
    if task_id not in tasks:
        raise HTTPException(404, f"no task {task_id}")
    return tasks[task_id]


@app.delete("/tasks/{task_id}", status_code=202)
async def cancel_task(task_id: str) -> Task:
    task = await read_task(task_id)
    if task.status in ("queued", "running"):
        task.status = "cancelled"
        save(task)
        running.get(task_id, CancelScope()).cancel()
    return task
