"""A film studio whose clients hang when it is busy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from pydantic import BaseModel

from workshop.journal import record


class Film(BaseModel):
    name: str
    seconds: float


queue: asyncio.Queue[Film] = asyncio.Queue(maxsize=5)


async def work() -> None:
    while True:
        film = await queue.get()
        record("started", name=film.name)
        await asyncio.sleep(film.seconds)
        record("finished", name=film.name)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    worker = asyncio.create_task(work())
    yield
    worker.cancel()


app = FastAPI(lifespan=lifespan)


@app.post("/films", status_code=202)
async def create_film(film: Film) -> dict[str, str]:
    await queue.put(film)
    return {"status": "queued"}
