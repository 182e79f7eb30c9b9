"""A service whose jobs fail in silence, and cannot be stopped."""

import asyncio
from uuid import uuid4

from fastapi import FastAPI, HTTPException

from workshop.journal import record

app = FastAPI()
jobs: dict[str, dict[str, str]] = {}
running: dict[str, asyncio.Task[None]] = {}


async def convert(job_id: str, kind: str) -> None:
    if kind == "broken":
        raise Exception(f"page 7 of {job_id} cannot be read")  # of no other type
    try:
        await asyncio.sleep(60 if kind == "long" else 0.1)
        record("converted", job_id=job_id)
    finally:
        record("cleaned", job_id=job_id)  # the temporary folder is gone


async def run(job_id: str, kind: str) -> None:
    jobs[job_id]["status"] = "running"
    await convert(job_id, kind)
    jobs[job_id]["status"] = "finished"


@app.post("/jobs/{kind}", status_code=202)
async def create_job(kind: str) -> dict[str, str]:
    job_id = uuid4().hex
    jobs[job_id] = {"status": "accepted"}
    running[job_id] = task = asyncio.create_task(run(job_id, kind))
    task.add_done_callback(lambda done: running.pop(job_id))
    return {"job_id": job_id}


@app.get("/jobs/{job_id}")
async def read_job(job_id: str) -> dict[str, str]:
    if job_id not in jobs:
        raise HTTPException(404, f"no job {job_id!r}")
    return jobs[job_id]
