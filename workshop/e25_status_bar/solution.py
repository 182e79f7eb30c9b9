"""A studio whose workers write the progress where all of them can read it."""

import os
import sqlite3
import time
from pathlib import Path
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, HTTPException

from workshop.journal import record

FOLDER = Path(os.environ.get("DATA_DIR", "."))
STEPS = 10
TABLE = "CREATE TABLE IF NOT EXISTS films (id TEXT PRIMARY KEY, status TEXT, percent INTEGER)"
app = FastAPI()


def execute(sql: str, *values: object) -> list[tuple[str, int]]:
    connection = sqlite3.connect(FOLDER / "films.db", timeout=10)
    try:
        with connection:
            connection.execute(TABLE)
            return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def run(film_id: str, breaks_at: int) -> None:
    try:
        make_film(film_id, breaks_at)
        execute("UPDATE films SET status = 'finished', percent = 100 WHERE id = ?", film_id)
    except Exception:
        execute("UPDATE films SET status = 'failed' WHERE id = ?", film_id)


def make_film(film_id: str, breaks_at: int) -> None:
    for step in range(STEPS):
        if step == breaks_at:
            raise RuntimeError(f"step {step} went wrong")
        time.sleep(0.2)
        record("step", film_id=film_id, step=step)
        percent = (step + 1) * 100 // STEPS  # how much is done, this step included
        execute("UPDATE films SET percent = ? WHERE id = ?", percent, film_id)
    record("made", film_id=film_id)


@app.post("/films", status_code=202)
def create_film(jobs: BackgroundTasks, breaks_at: int = -1) -> dict[str, str]:
    film_id = uuid4().hex
    execute("INSERT INTO films VALUES (?, 'running', 0)", film_id)
    jobs.add_task(run, film_id, breaks_at)
    return {"film_id": film_id}


@app.get("/films/{film_id}")
def read_film(film_id: str) -> dict[str, object]:
    rows = execute("SELECT status, percent FROM films WHERE id = ?", film_id)
    if not rows:
        raise HTTPException(404, f"no film {film_id!r}")
    return {"status": rows[0][0], "percent": rows[0][1]}
