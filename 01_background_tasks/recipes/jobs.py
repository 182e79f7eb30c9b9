"""The jobs of one request: added by its route and its dependencies, run in order, each guarded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from inspect import iscoroutinefunction
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException
from pydantic import BaseModel

from scenarios.contract import Problem, new_task_id
from scenarios.jobs import JobRecord, forget_oldest
from scenarios.web.edge import link

from .boundary import Work, run, run_in_thread

batches: dict[str, list[JobRecord]] = {}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Say at the stop which jobs uvicorn did not wait for (`--timeout-graceful-shutdown`)."""
    yield
    for job in chain.from_iterable(batches.values()):
        job.interrupt()


router = APIRouter(lifespan=lifespan)


class Queued(BaseModel):
    """The answer of a recipe: ask `jobs_url` what became of each job."""

    jobs_url: str


# --8<-- [start:collector]
class TaskCollector:
    """Adds jobs to the response and keeps a record of each."""

    def __init__(self, background: BackgroundTasks) -> None:
        self.background = background
        self.jobs_id = new_task_id()
        self.jobs: list[JobRecord] = []

    @property
    def jobs_url(self) -> str:
        return link(f"/jobs/{self.jobs_id}")

    # --8<-- [start:add]
    def add(self, work: Work, *arguments: object, needs: JobRecord | None = None) -> JobRecord:
        """Run `work` after the jobs before it; with `needs`, on its result, if it succeeded."""
        job = JobRecord(name=work.__name__)
        self.jobs.append(job)
        batches[self.jobs_id] = self.jobs
        forget_oldest(batches)
        runner = run if iscoroutinefunction(work) else run_in_thread
        self.background.add_task(runner, job, work, arguments, needs)
        return job

    # --8<-- [end:add]


async def collect(background: BackgroundTasks) -> AsyncIterator[TaskCollector]:
    """Give route and dependencies the same collector.

    FastAPI drops the jobs of a request that is refused in the end, and says nothing: here each
    record ends.
    """
    collector = TaskCollector(background)
    try:
        yield collector
    except Exception:
        for job in collector.jobs:
            job.cancel("not run: the request was refused")
        raise


Tasks = Annotated[TaskCollector, Depends(collect)]


# --8<-- [end:collector]
@router.get("/jobs/{jobs_id}", responses={404: {"model": Problem}})
async def read_jobs(jobs_id: str) -> list[JobRecord]:
    """Tell what became of each job of one request, in their order."""
    if jobs_id not in batches:
        raise HTTPException(404, f"no jobs {jobs_id[:80]!r}")
    return batches[jobs_id]
