"""A drain that is never called, and a test client that cuts the tasks off."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.testclient import TestClient

warnings.simplefilter("ignore", DeprecationWarning)  # on_event is deprecated, too
running: list[asyncio.Task[None]] = []


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    print("lifespan: drain")
    await asyncio.gather(*running)  # (1)


app = FastAPI(lifespan=lifespan)


@app.on_event("shutdown")  # (2)
async def drain() -> None:
    print("on_event: drain")


async def job() -> None:
    try:
        await asyncio.sleep(0.2)
        print("job: ended")
    except asyncio.CancelledError:
        print("job: cut off")


@app.post("/")
async def start() -> None:
    running.append(asyncio.create_task(job()))
    await asyncio.sleep(0)


with TestClient(app) as client:
    client.post("/")
running.clear()
print("without `with`:")
TestClient(app).post("/")
