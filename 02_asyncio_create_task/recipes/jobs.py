"""Start a job, read what became of it, cancel it; each has a time limit."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from scenarios import get_settings
from scenarios.contract import JSONDict, Problem
from scenarios.errors import WorkError
from scenarios.jobs import JobRecord, forget_oldest
from scenarios.web.edge import link

from ..tracked import create_tracked_task, refuse_if_full, running

router = APIRouter()
settings = get_settings()
jobs: dict[str, JobRecord] = {}
Work = Callable[..., Awaitable[JSONDict]]
UNKNOWN: dict[int | str, JSONDict] = {404: {"model": Problem}}


class Started(BaseModel):
    """The answer of a recipe: ask `status_url` what became of the job."""

    job_id: str
    status_url: str


# --8<-- [start:job]
def start(work: Work, *arguments: object) -> JobRecord:
    """Start `work` at once; raise 503 if too much runs already."""
    refuse_if_full()
    job = JobRecord(name=work.__name__)
    jobs[job.job_id] = job
    forget_oldest(jobs)
    create_tracked_task(job.job_id, run(job, work, arguments))
    return job


async def run(job: JobRecord, work: Work, arguments: tuple[object, ...]) -> None:
    """Bring the job to a final state, whatever happens; nobody else would read its error."""
    job.begin()
    try:
        async with asyncio.timeout(settings.job_timeout_s) as limit:
            job.succeed(await work(*arguments))
    except asyncio.CancelledError:
        job.interrupt()  # unless `cancel` has already said why
        raise
    except BaseException as error:
        late = WorkError(f"the job took longer than {settings.job_timeout_s:g} s")
        job.fail(late if limit.expired() else error)


# --8<-- [end:job]
# --8<-- [start:cancel]
def cancel(job: JobRecord, reason: str) -> None:
    """Stop a running job: CancelledError is raised where it waits."""
    job.cancel(reason)
    running[job.job_id].cancel()


# --8<-- [end:cancel]
def started(job: JobRecord) -> Started:
    """Name the status of the job."""
    return Started(job_id=job.job_id, status_url=link(f"/jobs/{job.job_id}"))


@router.get("/jobs/{job_id}", responses=UNKNOWN)
async def read_job(job_id: str) -> JobRecord:
    """Tell what became of a job."""
    if job_id not in jobs:
        raise HTTPException(404, f"no job {job_id[:80]!r}")
    return jobs[job_id]


@router.delete("/jobs/{job_id}", status_code=202, responses=UNKNOWN | {409: {"model": Problem}})
async def cancel_job(job_id: str) -> JobRecord:
    """Cancel a job that still runs."""
    job = await read_job(job_id)
    if job_id not in running:
        raise HTTPException(409, f"too late to cancel: {job.name} is {job.status}")
    cancel(job, "cancelled by a client")
    return job
