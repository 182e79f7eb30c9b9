"""What the recipes share: publish a workflow, and read what became of each of its jobs."""

import json
from collections.abc import Callable
from typing import Any

from celery.canvas import Signature, chain
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from scenarios import get_settings, ledger
from scenarios.contract import ACCEPTS, UNKNOWN, JSONDict, new_task_id
from scenarios.edge import link
from scenarios.errors import WorkError, explain
from scenarios.jobs import Job
from scenarios.status import current_task_id, now

from .. import records, tasks
from ..celery_app import app

router = APIRouter()
settings = get_settings()
Signed = Signature[Any]  # Any: jobs return what they like
REFUSALS: dict[int | str, JSONDict] = {code: ACCEPTS[code] for code in (400, 413, 503)}


class Queued(BaseModel):
    """The answer of a recipe: ask `jobs_url` what became of each job."""

    jobs_url: str


# --8<-- [start:recorded]
class Recorded(tasks.Job):
    """A job of a recipe: noted in the ledger, and given up when it only ever kills its process."""

    max_starts: int | None = settings.max_attempts

    def before_start(self, task_id: str, *_: Any) -> None:
        current_task_id.set(task_id)
        name = f"starts:{task_id}"
        # Celery counts the children that died, but not the workers: this counts both.
        starts = int(records.redis.incr(name))
        records.redis.expire(name, records.TOUCHED_TTL_S)
        ledger.record("started", task_id, job=short(self.name), attempt=starts)
        if self.max_starts and starts > self.max_starts:
            raise WorkError(f"given up: the job was started {starts - 1} times and never ended")


# --8<-- [end:recorded]
# --8<-- [start:start]
def one_after_another(steps: list[Signed]) -> Signed:
    return chain(*steps)


def start(
    steps: list[Signed],
    workflow: Callable[[list[Signed]], Signed] = one_after_another,
    jobs_id: str | None = None,
) -> Queued:
    """Publish a workflow of `steps`; note them first: Celery knows no id before its job runs."""
    jobs_id = jobs_id or new_task_id()
    for step in steps:
        step.options.setdefault("task_id", new_task_id())
    noted = [{"job_id": step.options["task_id"], "name": short(str(step.task))} for step in steps]
    note = json.dumps({"queued_at": now().isoformat(), "jobs": noted})
    records.redis.set(f"jobs:{jobs_id}", note, ex=records.WAITING_TTL_S)
    workflow(steps).apply_async()
    for step in steps:
        ledger.record("accepted", step.options["task_id"], job=short(str(step.task)))
    return Queued(jobs_url=link(f"/jobs/{jobs_id}"))


# --8<-- [end:start]
# --8<-- [start:read]
@router.get("/jobs/{jobs_id}", responses=UNKNOWN)
def read_jobs(jobs_id: str) -> list[Job]:
    """Tell what became of each job of one request: `GET /tasks/{task_id}` for any Celery task.

    Celery alone would say PENDING for an id that it never heard of.
    """
    if not (note := records.redis.get(f"jobs:{jobs_id}")):
        raise HTTPException(404, f"no jobs {jobs_id[:80]!r}")
    facts = json.loads(note)
    return [read_job(**noted, queued_at=facts["queued_at"]) for noted in facts["jobs"]]


def read_job(job_id: str, name: str, queued_at: str) -> Job:
    meta: JSONDict = app.backend.get_task_meta(job_id)
    job = Job.model_validate({"job_id": job_id, "name": name, "queued_at": queued_at})
    job.status = records.STATES[meta["status"]]
    job.finished_at = meta.get("date_done") if job.status.is_final else None
    # Celery keeps the exception of a retry where it keeps a result.
    job.error = explain(meta["result"]) if isinstance(meta["result"], BaseException) else None
    job.result = meta["result"] if meta["status"] == "SUCCESS" else None
    return job


# --8<-- [end:read]
def short(name: str) -> str:
    """Return the name of a job without its module."""
    return name.rpartition(".")[2]
