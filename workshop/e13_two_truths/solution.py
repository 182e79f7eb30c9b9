"""A service whose workers share one table, and that tells what a crash interrupted."""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, HTTPException

from workshop.journal import record

FOLDER = Path(os.environ.get("DATA_DIR", "."))
OWNER = uuid4().hex  # of this process; an id of the system comes again, and this one does not
TABLE = "CREATE TABLE IF NOT EXISTS tasks (id TEXT PRIMARY KEY, status TEXT, owner TEXT)"
OPEN = "status IN ('queued', 'running')"


def execute(sql: str, *values: object) -> list[tuple[str]]:
    connection = sqlite3.connect(FOLDER / "tasks.db", timeout=10)
    try:
        with connection:
            return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def lock_file(owner: str) -> TextIO:
    return (FOLDER / f"{owner}.lock").open("w")


def lives(owner: str) -> bool:
    """Tell whether a process holds the lock: the kernel lets go of it, however the process ends."""
    with lock_file(owner) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    with lock_file(OWNER) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        execute(TABLE)
        for (owner,) in execute(f"SELECT DISTINCT owner FROM tasks WHERE {OPEN}"):
            if not lives(owner):
                cut = f"UPDATE tasks SET status = 'interrupted' WHERE owner = ? AND {OPEN}"
                execute(cut, owner)
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
    execute("INSERT INTO tasks VALUES (?, 'queued', ?)", task_id, OWNER)
    jobs.add_task(run, task_id, seconds)
    return {"task_id": task_id}


@app.get("/tasks/{task_id}")
async def read_task(task_id: str) -> dict[str, str]:
    rows = execute("SELECT status FROM tasks WHERE id = ?", task_id)
    if not rows:
        raise HTTPException(404, f"no task {task_id!r}")
    return {"status": rows[0][0]}
