"""A service that lets its jobs end, for a while, and says which ones it cut."""

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
    await drain(DRAIN_S)
    app.state.mail_open = False  # the connection to the mail server is closed


async def drain(timeout_s: float) -> None:
    if running:
        _, late = await asyncio.wait(running, timeout=timeout_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


app = FastAPI(lifespan=lifespan)


async def send_letter(number: int, seconds: float) -> None:
    try:
        await asyncio.sleep(seconds)
        if not app.state.mail_open:
            raise ConnectionError("the mail server is closed")
        record("finished", number=number)
    except asyncio.CancelledError:
        record("interrupted", number=number)
        raise


@app.post("/letters/{number}", status_code=202)
async def create_letter(number: int, seconds: float) -> dict[str, str]:
    task = asyncio.create_task(send_letter(number, seconds))
    running.add(task)
    task.add_done_callback(running.discard)
    return {"status": "accepted"}
