"""p99 of `/healthz` in milliseconds, of one app, while it processes pictures and while it is idle.

Counted from the last 202 on: taking the uploads is work of the API in every approach. The
pictures are watermarked in full size, so that most of that work is still to be done then.
"""

import time
from pathlib import Path

import httpx

from bench.program import run_program
from lab.load.heartbeat import Heartbeat
from lab.load.samples import make_photos
from lab.load.workload import multipart
from lab.processes.stack import Stack
from lab.survival.posting import post_all

from .ends import wait_for_ends

IDLE_S, PAUSE_S = 0.7, 0.005
FEWEST = 10  # answers; a p99 of less says nothing


def upload(requests: list[httpx.Request]) -> None:
    """Send the pictures; raise `ValueError` for a refusal."""
    for answer in post_all(requests):
        if not answer.task_id:
            raise ValueError(f"a picture was refused: {answer.code or 'no answer'}")


def measure(count: int, folder: Path, name: str) -> dict[str, float]:
    """Return the two p99."""
    (photo,) = make_photos(1)
    with Stack(folder / "lab", say=lambda line: None, grace_s=2) as stack:
        app = stack.start(name, without={"mailbox"})
        fields = {"operations": "watermark", "width": "1024"}
        file = ("photo.jpg", photo, "image/jpeg")
        requests = [multipart(f"{app.url}/images", fields, file)] * count
        upload(requests[:1])  # the first one imports and starts what pictures need
        wait_for_ends(stack.data_dir / name, 1)
        with Heartbeat(f"{app.url}/healthz", PAUSE_S) as idle:
            time.sleep(IDLE_S)
        with Heartbeat(f"{app.url}/healthz", PAUSE_S) as busy:
            upload(requests)
            busy.forget()
            wait_for_ends(stack.data_dir / name, 1 + count)
    if busy.beats.answers < FEWEST:
        raise ValueError(f"only {busy.beats.answers} answers while pictures were processed")
    return {"busy": busy.beats.p99_ms, "idle": idle.beats.p99_ms}


if __name__ == "__main__":
    run_program(measure)
