"""Runs the jobs of a plan on one approach, waits until the last has ended, checks each effect."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from lab.plain_http import TRUSTS_NOBODY

from . import samples
from .heartbeat import Beats, Heartbeat
from .verify import find_picture_fault, find_report_fault
from .watch import Watch
from .workload import UPLOAD_TIMEOUT_S, WIDTH_PX, Job, Workload, email_posts, send_all

FINAL = {"succeeded", "failed", "cancelled", "interrupted"}
DEADLINE_S = 120.0
POLL_S = 0.05
JSONDict = dict[str, Any]  # Any: what an API answers


@dataclass
class Run:
    """What happened to the jobs of one approach; `faults` has a sentence for each that failed."""

    jobs: list[Job]
    beats: Beats
    ended_s: float | None
    right: Counter[str] = field(default_factory=Counter)
    pictures_outside_api: int = 0
    faults: list[str] = field(default_factory=list)

    def ids(self, kind: str) -> list[str]:
        """Return the ids of the accepted jobs of this kind."""
        return [job.task_id for job in self.jobs if job.post.kind == kind and job.task_id]


async def run_jobs(url: str, workload: Workload, watch: Watch) -> Run:
    """Send all jobs at once, wait for the last, and then check what came out."""
    posts = workload.posts(url)
    async with connect(url) as client:
        await _warm_up(client, url)
        with Heartbeat(f"{url}/healthz") as heartbeat:
            first_post = time.time()
            jobs = await send_all(client, posts)
            statuses = await _wait_for_all(client, jobs, watch)
        run = Run(jobs, heartbeat.beats, _last_end(statuses, first_post))
        run.faults += [
            f"a {job.post.kind} was refused: {job.refusal}" for job in jobs if job.refusal
        ]
        for job, status in zip([job for job in jobs if job.task_id], statuses, strict=True):
            fault = await _find_fault(client, job, status)
            run.right[job.post.kind] += fault is None
            run.pictures_outside_api += job.post.kind == "image" and _ran_outside_api(status)
            run.faults += [f"{job.post.kind} {job.task_id}: {fault}"] if fault else []
    return run


async def _warm_up(client: httpx.AsyncClient, url: str) -> None:
    """Send one uncounted e-mail: the first request of a process imports and connects."""
    job, *_ = await send_all(client, email_posts(url, 1, "Warm-up:"))
    if job.task_id:
        await wait_until_final(client, job.task_id, time.monotonic() + DEADLINE_S)


def connect(url: str) -> httpx.AsyncClient:
    """Return a client without a limit of connections."""
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(
        base_url=url, timeout=UPLOAD_TIMEOUT_S, limits=limits, trust_env=False, verify=TRUSTS_NOBODY
    )


async def wait_until_final(client: httpx.AsyncClient, task_id: str, deadline: float) -> JSONDict:
    """Return the final status, {} where the id is unknown, or the last one at the deadline.

    The deadline is a value of `time.monotonic()`.
    """
    while True:
        answer = await client.get(f"/tasks/{task_id}")
        status: JSONDict = answer.json() if answer.is_success else {}
        unknown = answer.status_code == httpx.codes.NOT_FOUND
        if unknown or status.get("status") in FINAL or time.monotonic() > deadline:
            return status
        await asyncio.sleep(POLL_S)


async def _wait_for_all(client: httpx.AsyncClient, jobs: list[Job], watch: Watch) -> list[JSONDict]:
    # One after another, because asking for all of them all the time would be load on the API.
    deadline = time.monotonic() + DEADLINE_S
    statuses = []
    for job in jobs:
        if job.task_id:
            statuses.append(await wait_until_final(client, job.task_id, deadline))
        watch.advance()
    return statuses


def _ran_outside_api(status: JSONDict) -> bool:
    return (status.get("ran_in") or {}).get("is_api_process") is False


def _last_end(statuses: list[JSONDict], first_post: float) -> float | None:
    """Return the seconds until the last job ended, None if one of them has not."""
    ends = [status.get("finished_at") for status in statuses]
    if not ends or not all(ends):
        return None
    return max(datetime.fromisoformat(str(end)).timestamp() for end in ends) - first_post


async def _find_fault(client: httpx.AsyncClient, job: Job, status: JSONDict) -> str | None:
    if status.get("status") != "succeeded":
        return f"ended as {status.get('status')}: {status.get('error')}"
    if job.post.kind == "email":
        return None
    answer = await client.get(f"/tasks/{job.task_id}/result")
    if not answer.is_success:
        return f"the result cannot be downloaded: {answer.status_code} {answer.text[:200]}"
    if job.post.total is not None:
        return find_report_fault(answer.content, job.post.total)
    width, height = samples.PHOTO_PX
    return find_picture_fault(answer.content, (WIDTH_PX, round(height * WIDTH_PX / width)))
