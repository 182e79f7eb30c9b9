"""A service whose running jobs are gone after each deployment."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from workshop.journal import record

DRAIN_S = float(os.environ.get("DRAIN_S", "10"))  # the platform kills us a little later
running: set[asyncio.Task[None]] = set()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.mail_open = True
    yield
    app.state.mail_open = False  # the connection to the mail server is closed


app = FastAPI(lifespan=lifespan)


async def send_letter(number: int, seconds: float) -> None:
    await asyncio.sleep(seconds)
    if not app.state.mail_open:
        raise ConnectionError("the mail server is closed")
    record("finished", number=number)


@app.post("/letters/{number}", status_code=202)
async def create_letter(number: int, seconds: float) -> dict[str, str]:
    task = asyncio.create_task(send_letter(number, seconds))
    running.add(task)
    task.add_done_callback(running.discard)
    return {"status": "accepted"}


@app.on_event("shutdown")
async def drain() -> None:
    await asyncio.wait(running)
