"""A print shop with a priority queue that breaks as soon as two jobs are alike."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from workshop.journal import record

queue: asyncio.PriorityQueue[Any] = asyncio.PriorityQueue()


class Job(BaseModel):
    name: str
    priority: int = 5  # 0 is the most urgent
    seconds: float = 0


async def work() -> None:
    while True:
        _, job = await queue.get()
        record("started", name=job.name)
        await asyncio.sleep(job.seconds)
        record("printed", name=job.name)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    worker = asyncio.create_task(work())
    yield
    worker.cancel()


app = FastAPI(lifespan=lifespan)


@app.post("/jobs", status_code=202)
async def create_job(job: Job) -> dict[str, str]:
    await queue.put((job.priority, job))
    return {"status": "queued"}
