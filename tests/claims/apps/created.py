"""asyncio.create_task as tutorials show it, with and without an end that waits for the tasks."""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import BackgroundTasks, FastAPI, Request

from .steps import block_at, say, wait_at

running: set[asyncio.Task[None]] = set()
DRAINS = os.environ.get("DRAINS") == "yes"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    if DRAINS:
        await asyncio.gather(*running, return_exceptions=True)


app = FastAPI(lifespan=lifespan)


async def work(name: str) -> None:
    say(f"{name} began")
    try:
        await wait_at(name)
        say(f"{name} ended")
    except asyncio.CancelledError:
        say(f"{name} CancelledError")
        raise
    finally:
        say(f"{name} finally")


def work_in_thread(name: str) -> None:
    say(f"{name} began")
    block_at(name)
    say(f"{name} ended")


async def leave(how: str) -> None:
    if how == "sys.exit":
        sys.exit(3)
    os._exit(4)


def keep(task: asyncio.Task[None]) -> None:
    running.add(task)
    task.add_done_callback(running.discard)


@app.get("/ping")
async def ping() -> str:
    return "pong"


@app.post("/created")
async def create(name: str) -> None:
    keep(asyncio.create_task(work(name)))


@app.post("/background")
async def add(names: str, tasks: BackgroundTasks) -> None:
    for name in names.split(","):
        tasks.add_task(work, name)


@app.post("/threaded")
async def add_threaded(name: str, tasks: BackgroundTasks) -> None:
    tasks.add_task(work_in_thread, name)


@app.post("/leave/background")
async def leave_later(how: str, tasks: BackgroundTasks) -> None:
    tasks.add_task(leave, how)


@app.post("/leave/created")
async def leave_in_task(how: str) -> None:
    keep(asyncio.create_task(leave(how)))


@app.post("/bodies")
async def keep_body(request: Request) -> int:
    body = await request.body()
    keep(asyncio.create_task(work("bodies")))
    return len(body)


@app.get("/requests-alive")
async def count_requests() -> int:
    gc.collect()
    # FastAPI makes two Request objects for each scope.
    return len({id(each.scope) for each in gc.get_objects() if isinstance(each, Request)})
