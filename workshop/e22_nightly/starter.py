"""A service whose nightly job runs once in each of its processes."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from workshop.journal import record

FOLDER = Path(os.environ.get("DATA_DIR", "."))
NIGHT_S = 0.5


def send_report(night: int) -> None:
    record("ran", night=night)


async def run_nightly() -> None:
    night = int(time.time() // NIGHT_S)
    while True:
        night += 1
        await asyncio.sleep(night * NIGHT_S - time.time())  # until it begins
        send_report(night)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    clock = asyncio.create_task(run_nightly())
    yield
    clock.cancel()


app = FastAPI(lifespan=lifespan)


@app.get("/ping")
async def ping() -> dict[str, int]:
    return {"process": os.getpid()}
