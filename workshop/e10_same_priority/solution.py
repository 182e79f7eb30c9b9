"""A print shop in which equal jobs keep the order in which they came."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from workshop.journal import record

queue: asyncio.PriorityQueue[Any] = asyncio.PriorityQueue()
numbers = count()  # no two are equal, so the jobs themselves are never compared


class Job(BaseModel):
    name: str
    priority: int = 5  # 0 is the most urgent
    seconds: float = 0


async def work() -> None:
    while True:
        _, _, job = await queue.get()
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
    await queue.put((job.priority, next(numbers), job))
    return {"status": "queued"}
