"""A service that makes negatives of pictures, until a partner does not answer."""

import io
import os
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI, HTTPException, UploadFile
from PIL import Image

from workshop.journal import record

WEBHOOK_URL = os.environ.get("WEBHOOK_URL", "http://127.0.0.1:9/")
app = FastAPI()
threads = ThreadPoolExecutor(2)
pictures: dict[str, str] = {}


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
    urllib.request.urlopen(request).close()
    record("told", name=name)


def run(name: str, content: bytes) -> None:
    make_negative(name, content)
    pictures[name] = "processed"
    tell_partner(name)
    pictures[name] = "finished"


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
