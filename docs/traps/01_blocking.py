"""One `time.sleep` in an `async def` job stops every other request."""

import asyncio
import time

import httpx
from fastapi import BackgroundTasks, FastAPI

app = FastAPI()


async def work() -> None:
    time.sleep(1)  # noqa: ASYNC251 - the mistake that is shown (1)


def work_in_a_thread() -> None:
    time.sleep(1)


@app.post("/{kind}")
async def create(kind: str, background: BackgroundTasks) -> None:
    # Starlette calls a coroutine function on the loop and any other in a thread. (2)
    background.add_task(work if kind == "async" else work_in_a_thread)


@app.get("/ping")
async def ping() -> None: ...


async def compare(kind: str) -> None:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        job = asyncio.create_task(client.post(f"/{kind}"))
        await asyncio.sleep(0.1)
        await client.get("/ping")
        waited = "the ping waited for the job" if job.done() else "the ping did not wait"
        print(f"{kind} def job: {waited}")
        await job


asyncio.run(compare("async"))
asyncio.run(compare("plain"))
