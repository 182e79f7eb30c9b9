"""Live progress for a browser: where its stream finds the status of a task."""

from fastapi import FastAPI

from scenarios.in_memory import Tasks
from scenarios.recipes import progress
from scenarios.status import TaskStatus


# --8<-- [start:read]
async def read(app: FastAPI, task_id: str) -> TaskStatus | None:
    tasks: Tasks = app.state.tasks
    return tasks.get(task_id)  # the record itself, which the job changes


router = progress.make_router(read)
# --8<-- [end:read]
