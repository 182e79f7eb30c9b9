"""Periodic jobs with a handle: a probe asks one service again and again, until it is stopped."""

import asyncio
import math
import time
from typing import Any

from fastapi import APIRouter, Response

from scenarios.contract import JSONDict, new_task_id
from scenarios.errors import explain
from scenarios.http import Key
from scenarios.services.service import call_async
from scenarios.status import ReportProgress
from scenarios.web.edge import link

from ..job_queue import Again, Task
from .jobs import DOWN, REFUSALS, Queue, start
from .probe_state import Probe, ProbeState, settings

router = APIRouter()
KIND = "probe"


# --8<-- [start:routes]
@router.post("/probes", status_code=202, responses=REFUSALS)
async def create_probe(probe: Probe, queue: Queue, key: Key = None) -> Response:
    """Ask a source at once and every so many seconds; `DELETE /tasks/{task_id}` stops it."""
    # One task of the queue: a loop in `lifespan` would run in each API process, and would forget
    # at a restart what it was told. With QUEUE_DB this one goes on, in one of the processes.
    arguments = probe.model_dump() | {"due": time.time()}
    return await start(queue, Task(new_task_id(), KIND, arguments, key=key), probe)


@router.get("/probes", responses=DOWN)
async def read_probes(queue: Queue) -> list[ProbeState]:
    """List the probes that go on."""
    return [read_probe(task) for task in await queue.store.find_unfinished(KIND)]


def read_probe(task: Task) -> ProbeState:
    status_url = link(f"/tasks/{task.task_id}")
    return ProbeState(
        task_id=task.task_id, status_url=status_url, status=task.status, **task.arguments
    )


# --8<-- [end:routes]
# --8<-- [start:probe]
async def probe_source(
    task_id: str,
    source: str,
    every_s: float,
    due: float,
    report_progress: ReportProgress,
    runs: int = 0,
    failures: int = 0,
    last_error: str | None = None,
) -> Again:
    """Ask once, and come again: the same task waits for its next run, so two never overlap."""
    report_progress(0)
    try:
        async with asyncio.timeout(settings.call_timeout_s):
            await call_async(f"the source {source!r}", "GET", settings.sources[source])
        error = None
    except Exception as caught:
        error = explain(caught)
    # A failure is noted and does not end the schedule; times that have passed are left out.
    due = next_time(due, every_s)
    facts: JSONDict = {"runs": runs + 1, "failures": failures + bool(error), "last_error": error}
    return Again(due - time.time(), {"source": source, "every_s": every_s, "due": due, **facts})


def next_time(due: float, every_s: float) -> float:
    """Return the first time of the schedule that is still to come."""
    return due + every_s * (math.floor((time.time() - due) / every_s) + 1)


# --8<-- [end:probe]
WORK: dict[str, Any] = {KIND: probe_source}  # Any: as in scenarios/__init__.py
