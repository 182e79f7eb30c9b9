"""A service whose workers share one table, and that tells what a crash interrupted."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, HTTPException

from workshop.journal import record

FILE = Path(os.environ.get("DATA_DIR", ".")) / "tasks.db"
SERVER = os.getppid()  # both workers have the same parent; after a restart it is another
TABLE = "CREATE TABLE IF NOT EXISTS tasks (id TEXT PRIMARY KEY, status TEXT, server INTEGER)"
CUT = (
    "UPDATE tasks SET status = 'interrupted' WHERE status IN ('queued', 'running') AND server <> ?"
)


def execute(sql: str, *values: object) -> list[tuple[str]]:
    connection = sqlite3.connect(FILE, timeout=10)
    try:
        with connection:
            return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    execute(TABLE)
    execute(CUT, SERVER)
    yield


app = FastAPI(lifespan=lifespan)


async def run(task_id: str, seconds: float) -> None:
    execute("UPDATE tasks SET status = 'running' WHERE id = ?", task_id)
    record("started", task_id=task_id)
    await asyncio.sleep(seconds)
    execute("UPDATE tasks SET status = 'finished' WHERE id = ?", task_id)


@app.post("/tasks", status_code=202)
async def create_task(seconds: float, jobs: BackgroundTasks) -> dict[str, str]:
    task_id = uuid4().hex
    execute("INSERT INTO tasks VALUES (?, 'queued', ?)", task_id, SERVER)
    jobs.add_task(run, task_id, seconds)
    return {"task_id": task_id}


@app.get("/tasks/{task_id}")
async def read_task(task_id: str) -> dict[str, str]:
    rows = execute("SELECT status FROM tasks WHERE id = ?", task_id)
    if not rows:
        raise HTTPException(404, f"no task {task_id!r}")
    return {"status": rows[0][0]}
