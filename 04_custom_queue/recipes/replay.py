"""Dead letters: the jobs that failed for good, and a way back into the queue."""

from asyncio import to_thread
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from scenarios import files, http
from scenarios.contract import CONFLICT, Kind
from scenarios.status import TaskStatus

from ..job_queue import QueueFull
from ..store import FAILED
from .jobs import DOWN, REFUSALS, Queue

router = APIRouter()
Limit = Annotated[int, Query(ge=1, le=1000)]


# --8<-- [start:list]
@router.get("/dead-letters", responses=DOWN)
async def read_dead_letters(queue: Queue, limit: Limit = 100) -> list[TaskStatus]:
    """List the jobs that failed for good, the last one first; RESULT_TTL_S later they are gone."""
    failed = await queue.store.find_failed(limit)
    return [TaskStatus.model_validate(task, from_attributes=True) for task in failed]


# --8<-- [end:list]
# --8<-- [start:retry]
@router.post("/dead-letters/{task_id}/retry", status_code=202, responses=REFUSALS | CONFLICT)
async def retry_dead_letter(task_id: str, queue: Queue) -> Response:
    """Put a job back, with all its attempts and under its id; of two requests at once one does."""
    if not (task := await queue.find(task_id)):
        raise http.unknown(task_id)
    has_upload = task.kind in (Kind.REPORT, Kind.IMAGE) and task.status is FAILED
    if has_upload and not await to_thread(files.upload_path(task_id).exists):
        raise HTTPException(409, f"the file of the {task.kind} is gone: send it again")
    try:
        # One step: to read the state and then to write it would let two requests run the job.
        if await queue.store.put_back(task_id):
            return http.accepted(task_id)
    except QueueFull as error:
        raise http.refused(str(error)) from error
    raise HTTPException(409, f"nothing to put back: the {task.kind} did not fail, or runs again")


# --8<-- [end:retry]
