"""Live progress for a browser: where its stream finds the status of a task."""

from fastapi import FastAPI

from scenarios.recipes import progress
from scenarios.status import TaskStatus

from ..job_queue import JobQueue


# --8<-- [start:read]
async def read(app: FastAPI, task_id: str) -> TaskStatus | None:
    queue: JobQueue = app.state.tasks
    found = await queue.find(task_id)  # with QUEUE_DB also one that another process runs
    return TaskStatus.model_validate(found, from_attributes=True) if found else None


router = progress.make_router(read)
# --8<-- [end:read]
