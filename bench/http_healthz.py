"""p99 of `/healthz` in milliseconds, of one app, while it processes pictures and while it is idle.

Counted from the last 202 on: taking the uploads is work of the API in every approach.
"""

import asyncio
import time
from pathlib import Path

from lab.heartbeat import Heartbeat
from lab.plan import Plan
from lab.run_jobs import connect
from lab.stack import Stack
from lab.workload import Post, Workload, send_all

from .ends import wait_for_ends
from .program import run_program

IDLE_S, PAUSE_S = 1.0, 0.005


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
    workload = Workload(Plan(emails=0, reports=0, orders=0, pictures=count, kill_emails=0))
    with Stack(folder / "lab", say=lambda line: None, grace_s=2) as stack:
        app = stack.start(name, without={"mailbox"})
        posts = workload.posts(app.url)
        upload(
            app.url, posts[:1]
        )  # the first picture of a process imports and starts what it needs
        wait_for_ends(stack.data_dir / name, 1)
        with Heartbeat(f"{app.url}/healthz", PAUSE_S) as idle:
            time.sleep(IDLE_S)
        upload(app.url, posts)
        with Heartbeat(f"{app.url}/healthz", PAUSE_S) as busy:
            wait_for_ends(stack.data_dir / name, 1 + count)
    return {"busy": busy.beats.p99_ms, "idle": idle.beats.p99_ms}


if __name__ == "__main__":
    run_program(measure)
