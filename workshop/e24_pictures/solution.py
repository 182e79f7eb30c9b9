"""A service that computes in processes, and waits for a partner for a limited time."""

import io
import os
import urllib.request
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing import get_context

from fastapi import FastAPI, HTTPException, UploadFile
from PIL import Image

from workshop.journal import record

WEBHOOK_URL = os.environ.get("WEBHOOK_URL", "http://127.0.0.1:9/")
PARTNER_S = 2
threads = ThreadPoolExecutor(10)  # they only wait
pictures: dict[str, str] = {}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    # "spawn": a fork would copy locks that another thread holds just then.
    with ProcessPoolExecutor(2, get_context("spawn")) as app.state.processes:
        yield


app = FastAPI(lifespan=lifespan)


def make_negative(name: str, content: bytes) -> bytes:
    image = Image.open(io.BytesIO(content)).convert("L")
    for y in range(image.height):
        for x in range(image.width):
            image.putpixel((x, y), 255 - int(image.getpixel((x, y))))
    record("processed", name=name)
    done = io.BytesIO()
    image.save(done, "PNG")
    return done.getvalue()


def tell_partner(name: str) -> None:
    request = urllib.request.Request(WEBHOOK_URL, data=name.encode(), method="POST")
    urllib.request.urlopen(request, timeout=PARTNER_S).close()
    record("told", name=name)


def run(name: str, content: bytes) -> None:
    app.state.processes.submit(make_negative, name, content).result()
    pictures[name] = "processed"
    try:
        tell_partner(name)
        pictures[name] = "finished"
    except OSError:  # a time-out is one, and so is every other way not to be reached
        pictures[name] = "untold"


@app.post("/pictures/{name}", status_code=202)
def create_picture(name: str, file: UploadFile) -> dict[str, str]:
    pictures[name] = "accepted"
    threads.submit(run, name, file.file.read())
    return {"status": "accepted"}


@app.get("/pictures/{name}")
def read_picture(name: str) -> dict[str, str]:
    if name not in pictures:
        raise HTTPException(404, f"no picture {name!r}")
    return {"status": pictures[name]}


@app.get("/ping")
async def ping() -> dict[str, str]:
    return {"answer": "pong"}
