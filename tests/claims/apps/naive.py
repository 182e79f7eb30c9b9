"""The naive queue behind HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from .naive_queue import NaiveQueue
from .steps import wait_at

queue: NaiveQueue


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    global queue
    queue = NaiveQueue(workers=4)
    await queue.start()
    yield


app = FastAPI(lifespan=lifespan)


async def job() -> None:
    await wait_at("job")


@app.get("/ping")
async def ping() -> str:
    return "pong"


@app.post("/jobs")
async def create() -> str:
    return await queue.enqueue(job)


@app.get("/jobs/{task_id}")
async def read(task_id: str) -> dict[str, Any]:  # Any: as in the queue
    return queue.read_status(task_id)


@app.get("/metrics")
async def read_metrics() -> dict[str, int]:
    return queue.read_metrics() | {"queued": queue.count("queued")}
