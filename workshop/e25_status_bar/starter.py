"""A studio whose status bar jumps as soon as it runs with several workers."""

import os
import time
from pathlib import Path
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, HTTPException

from workshop.journal import record

FOLDER = Path(os.environ.get("DATA_DIR", "."))
STEPS = 10
app = FastAPI()
films: dict[str, dict[str, object]] = {}


def make_film(film_id: str, breaks_at: int) -> None:
    for step in range(STEPS):
        if step == breaks_at:
            raise RuntimeError(f"step {step} went wrong")
        time.sleep(0.2)
        record("step", film_id=film_id, step=step)
        films[film_id] = {"status": "running", "percent": step * 100 // STEPS}
    record("made", film_id=film_id)


@app.post("/films", status_code=202)
def create_film(jobs: BackgroundTasks, breaks_at: int = -1) -> dict[str, str]:
    film_id = uuid4().hex
    films[film_id] = {"status": "running", "percent": 0}
    jobs.add_task(make_film, film_id, breaks_at)
    return {"film_id": film_id}


@app.get("/films/{film_id}")
def read_film(film_id: str) -> dict[str, object]:
    if film_id not in films:
        raise HTTPException(404, f"no film {film_id!r}")
    return films[film_id]
