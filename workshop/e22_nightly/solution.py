"""A service in which the first process that claims a night runs its job."""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from workshop.journal import record

FOLDER = Path(os.environ.get("DATA_DIR", "."))
NIGHT_S = 0.5


def claim(night: int) -> bool:
    """Tell whether this process is the first that asks: looking and writing is one step."""
    connection = sqlite3.connect(FOLDER / "nights.db", timeout=10)
    try:
        with connection:
            connection.execute("CREATE TABLE IF NOT EXISTS nights (night INTEGER PRIMARY KEY)")
            added = connection.execute("INSERT OR IGNORE INTO nights VALUES (?)", (night,))
        return added.rowcount == 1
    finally:
        connection.close()


def send_report(night: int) -> None:
    if claim(night):
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
