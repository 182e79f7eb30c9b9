"""Live progress for a browser: where its stream finds the status of a task."""

from anyio import to_thread
from fastapi import FastAPI

from scenarios.recipes import progress
from scenarios.status import TaskStatus

from .. import records


# --8<-- [start:read]
async def read(app: FastAPI, task_id: str) -> TaskStatus | None:
    return await to_thread.run_sync(records.read, task_id)  # Redis, off the event loop


router = progress.make_router(read)
# --8<-- [end:read]
