"""One setting chooses the engine, and the client sees no difference."""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from celery import Celery
from fastapi import BackgroundTasks, FastAPI, HTTPException, Response

from workshop.journal import record

ENGINE = os.environ.get("ENGINE", "background")
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
FILE = Path(os.environ.get("DATA_DIR", ".")) / "tasks.db"

celery = Celery("migrate", broker=REDIS_URL)
waiting: asyncio.Queue[tuple[str, str]] = asyncio.Queue(maxsize=100)
running: set[asyncio.Task[None]] = set()


async def work() -> None:
    while True:
        await asyncio.to_thread(run, *await waiting.get())


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    worker = asyncio.create_task(work())
    yield
    worker.cancel()


app = FastAPI(lifespan=lifespan)


def execute(sql: str, *values: object) -> list[tuple[str, str]]:
    connection = sqlite3.connect(FILE, timeout=10)
    try:
        with connection:
            connection.execute("CREATE TABLE IF NOT EXISTS tasks (id PRIMARY KEY, status, error)")
            return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def send(to: str) -> None:
    record("started", to=to)
    time.sleep(0.8)  # the mail server takes its time
    if "@" not in to:
        raise ValueError(f"no @ in {to}")
    record("sent", to=to)


@celery.task
def run(task_id: str, to: str) -> None:
    status, error = "finished", ""
    try:
        send(to)
    except Exception as failure:
        status, error = "failed", str(failure)
    execute("UPDATE tasks SET status = ?, error = ? WHERE id = ?", status, error, task_id)


async def start(jobs: BackgroundTasks, task_id: str, to: str) -> None:
    match ENGINE:
        case "background":
            jobs.add_task(run, task_id, to)
        case "create_task":
            task = asyncio.create_task(asyncio.to_thread(run, task_id, to))
            running.add(task)
            task.add_done_callback(running.discard)
        case "queue":
            await waiting.put((task_id, to))
        case "celery":
            await asyncio.to_thread(run.delay, task_id, to)
        case _:
            raise HTTPException(501, f"no engine {ENGINE!r}")


@app.post("/emails/{to}", status_code=202)
async def create_email(to: str, response: Response, jobs: BackgroundTasks) -> dict[str, str]:
    task_id = uuid4().hex
    execute("INSERT INTO tasks VALUES (?, 'queued', '')", task_id)
    await start(jobs, task_id, to)
    response.headers["Location"] = f"/tasks/{task_id}"
    return {"task_id": task_id, "status": "queued"}


@app.get("/tasks/{task_id}")
def read_task(task_id: str) -> dict[str, str]:
    rows = execute("SELECT status, error FROM tasks WHERE id = ?", task_id)
    if not rows:
        raise HTTPException(404, f"no task {task_id!r}")
    return {"status": rows[0][0], "error": rows[0][1]}
