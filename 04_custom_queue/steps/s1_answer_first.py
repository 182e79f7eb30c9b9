"""How do I answer before the work is done?

    fastapi dev 04_custom_queue/steps/s1_answer_first.py

The answer waits only until the job is in the queue. One worker takes the jobs out of it, one
after the other: post two mails and watch the second wait for the first. `s1_answer_first.txt`
shows what to type and what happens.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

queue: asyncio.Queue[str] = asyncio.Queue()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    working = asyncio.create_task(worker())
    yield
    working.cancel()


app = FastAPI(lifespan=lifespan)


async def send_email(to: str) -> None:
    print(f"sending to {to}")
    if "@" not in to:
        raise ValueError(f"cannot deliver to {to!r}: no '@' in the address")
    await asyncio.sleep(2)  # stands for a mail server that takes its time
    print(f"sent to {to}")


async def worker() -> None:
    while True:
        await send_email(await queue.get())


@app.post("/emails", status_code=202)
async def create_email(to: str) -> dict[str, str]:
    queue.put_nowait(to)
    await asyncio.sleep(0.1)  # stands for a query to a database
    return {"status": "queued"}
