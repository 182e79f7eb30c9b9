"""Live progress for a browser: one connection that tells each change, instead of many questions."""

from collections.abc import AsyncIterator
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, HTTPException
from fastapi.sse import EventSourceResponse, ServerSentEvent

from scenarios import http
from scenarios.recipes import progress
from scenarios.status import TaskStatus

from .. import records

router = APIRouter()
Seen = Annotated[str | None, Header(alias="Last-Event-ID", description="Sent by the browser.")]


# --8<-- [start:follow]
def find_task(task_id: str, seen: Seen = None) -> TaskStatus:
    """Raise errors before the stream begins: afterwards its status code has been sent."""
    if not (task := records.read(task_id)):
        raise http.unknown(task_id)
    if task.status.is_final and seen == progress.name_state(task):
        raise HTTPException(204)  # else the browser, which has the end, connects again
    return task


@router.get(
    "/tasks/{task_id}/events", response_class=EventSourceResponse, responses=progress.ANSWERS
)
async def follow_task(
    task: Annotated[TaskStatus, Depends(find_task)], seen: Seen = None
) -> AsyncIterator[ServerSentEvent]:
    """Send the status of a task with each change, until it has ended."""

    async def read() -> TaskStatus | None:
        return await to_thread.run_sync(records.read, task.task_id)  # Redis, off the event loop

    async for state in progress.follow(read, seen):
        yield ServerSentEvent(data=state, id=progress.name_state(state), retry=1000)


# --8<-- [end:follow]
