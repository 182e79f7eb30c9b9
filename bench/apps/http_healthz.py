"""p99 of `/healthz` in milliseconds, of one app, while it processes pictures and while it is idle.

Counted from the last 202 on: taking the uploads is work of the API in every approach. The
pictures are watermarked in full size, so that most of that work is still to be done then.
"""

import asyncio
import time
from pathlib import Path

import httpx

from bench.program import run_program
from lab.load.heartbeat import Heartbeat
from lab.load.run_jobs import connect
from lab.load.samples import make_photos
from lab.load.workload import Post, send_all
from lab.processes.stack import Stack

from .ends import wait_for_ends

IDLE_S, PAUSE_S = 0.7, 0.005
FEWEST = 10  # answers; a p99 of less says nothing


def make_post(url: str, photo: bytes) -> Post:
    """Return the request for one picture."""
    fields, files = {"operations": "watermark", "width": "1024"}, {"file": ("photo.jpg", photo)}
    built = httpx.Request("POST", f"{url}/images", data=fields, files=files)
    request = httpx.Request("POST", built.url, headers=built.headers, content=built.read())
    return Post("image", request)


def upload(url: str, posts: list[Post]) -> None:
    """Send the pictures; raise `ValueError` for a refusal."""

    async def send() -> None:
        async with connect(url) as client:
            for job in await send_all(client, posts):
                if not job.task_id:
                    raise ValueError(f"a picture was refused: {job.refusal}")

    asyncio.run(send())


def measure(count: int, folder: Path, name: str) -> dict[str, float]:
    """Return the two p99."""
    (photo,) = make_photos(1)
    with Stack(folder / "lab", say=lambda line: None, grace_s=2) as stack:
        app = stack.start(name, without={"mailbox"})
        posts = [make_post(app.url, photo)] * count
        upload(app.url, posts[:1])  # the first one imports and starts what pictures need
        wait_for_ends(stack.data_dir / name, 1)
        with Heartbeat(f"{app.url}/healthz", PAUSE_S) as idle:
            time.sleep(IDLE_S)
        with Heartbeat(f"{app.url}/healthz", PAUSE_S) as busy:
            upload(app.url, posts)
            busy.forget()
            wait_for_ends(stack.data_dir / name, 1 + count)
    if busy.beats.answers < FEWEST:
        raise ValueError(f"only {busy.beats.answers} answers while pictures were processed")
    return {"busy": busy.beats.p99_ms, "idle": idle.beats.p99_ms}


if __name__ == "__main__":
    run_program(measure)
