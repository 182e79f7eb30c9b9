"""What the recipes share: publish a workflow, and read what became of each of its jobs."""

from collections.abc import Callable
from typing import Any

from celery.canvas import Signature, chain
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from scenarios import TaskStatus, ledger
from scenarios.contract import ACCEPTS, UNKNOWN, JSONDict, new_task_id
from scenarios.jobs import JobRecord
from scenarios.web.edge import link

from .. import messages, records

router = APIRouter()
Signed = Signature[Any]  # Any: jobs return what they like
REFUSALS: dict[int | str, JSONDict] = {code: ACCEPTS[code] for code in (400, 413, 503)}


class Queued(BaseModel):
    """The answer of a recipe: ask `jobs_url` what became of each job."""

    jobs_url: str


# --8<-- [start:start]
def one_after_another(steps: list[Signed]) -> Signed:
    return chain(*steps)


def start(
    steps: list[Signed],
    workflow: Callable[[list[Signed]], Signed] = one_after_another,
    key: str = "",
) -> Queued:
    """Publish a workflow; all `steps` are noted at once: the last may be published much later.

    Raises `records.Accepted` if there is a workflow with this key.
    """
    jobs_id = new_task_id()
    for step in steps:
        step.options.setdefault("task_id", new_task_id())
    planned = [(step.options["task_id"], str(step.task)) for step in steps]
    with messages.in_one_step(key=key, jobs_id=jobs_id, planned=planned):
        workflow(steps).apply_async()
    for job_id, name in planned:
        ledger.record("accepted", job_id, job=records.short(name))
    return Queued(jobs_url=link(f"/jobs/{jobs_id}"))


# --8<-- [end:start]
# --8<-- [start:read]
@router.get("/jobs/{jobs_id}", responses=UNKNOWN)
def read_jobs(jobs_id: str) -> list[JobRecord]:
    """Tell what became of each job of one request, or of the one job with this id."""
    job_ids = records.redis.lrange(f"jobs:{jobs_id}", 0, -1) or [jobs_id]
    if not (found := [task for job_id in job_ids if (task := records.read(str(job_id)))]):
        raise HTTPException(404, f"no jobs {jobs_id[:80]!r}")
    return list(map(to_job, found))


def to_job(task: TaskStatus) -> JobRecord:
    shared = task.model_dump(include={"status", "result", "queued_at", "finished_at", "ran_in"})
    return JobRecord(job_id=task.task_id, name=task.kind, error=task.error, **shared)


# --8<-- [end:read]
