"""A queue that is drained at shutdown as tutorials show it, and a worker that dies early."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from .steps import say

items: asyncio.Queue[str] = asyncio.Queue()


async def work() -> None:
    await items.get()
    say("the worker died")
    raise RuntimeError("before task_done()")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    worker = asyncio.create_task(work())
    yield
    await items.join()
    say("joined")
    worker.cancel()


app = FastAPI(lifespan=lifespan)


@app.get("/ping")
async def ping() -> str:
    return "pong"


@app.post("/items")
async def add() -> None:
    await items.put("item")
