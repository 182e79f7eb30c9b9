"""TestClient and ASGITransport come back after the job, so a test needs no sleep."""

import asyncio

import httpx
from fastapi import BackgroundTasks, FastAPI
from fastapi.testclient import TestClient

app = FastAPI()
done: list[str] = []


async def job(client: str) -> None:
    await asyncio.sleep(0.2)
    done.append(client)


@app.post("/{client}")
async def create(client: str, background: BackgroundTasks) -> None:
    background.add_task(job, client)


async def post_with_transport() -> None:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        await client.post("/ASGITransport")


TestClient(app).post("/TestClient")
print("after TestClient.post:", done)
asyncio.run(post_with_transport())
print("after AsyncClient.post:", done)
