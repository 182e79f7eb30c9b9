"""The error of a task that is kept is told to nobody; a `def` route cannot even start one."""

import asyncio
import logging

from fastapi import FastAPI
from fastapi.testclient import TestClient

logging.basicConfig(format="log: %(message)s")
app = FastAPI()
running: list[asyncio.Task[None]] = []


async def job() -> None:
    raise OSError("disk full")


@app.post("/kept", status_code=202)
async def keep() -> None:
    running.append(asyncio.create_task(job()))  # (1)


@app.post("/plain", status_code=202)
def start_in_a_thread() -> None:
    coroutine = job()
    try:
        running.append(asyncio.create_task(coroutine))  # (2)
    finally:
        coroutine.close()


with TestClient(app) as client:
    print("POST /kept:", client.post("/kept").status_code)
    client.post("/kept")
    print("the job ended with:", repr(running[0].exception()))
    try:
        client.post("/plain")
    except RuntimeError as error:
        print("POST /plain:", error)
