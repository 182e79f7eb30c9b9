"""Live progress for a browser: one connection that tells each change, instead of many questions."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException
from fastapi.sse import EventSourceResponse, ServerSentEvent

from scenarios import http
from scenarios.recipes import progress
from scenarios.status import TaskStatus

from .jobs import Queue

router = APIRouter()
Seen = Annotated[str | None, Header(alias="Last-Event-ID", description="Sent by the browser.")]


# --8<-- [start:follow]
async def find_task(task_id: str, queue: Queue, seen: Seen = None) -> TaskStatus:
    """Raise errors before the stream begins: afterwards its status code has been sent."""
    if not (found := await queue.find(task_id)):
        raise http.unknown(task_id)
    task = TaskStatus.model_validate(found, from_attributes=True)
    if task.status.is_final and seen == progress.name_state(task):
        raise HTTPException(204)  # else the browser, which has the end, connects again
    return task


@router.get(
    "/tasks/{task_id}/events", response_class=EventSourceResponse, responses=progress.ANSWERS
)
async def follow_task(
    task: Annotated[TaskStatus, Depends(find_task)], queue: Queue, seen: Seen = None
) -> AsyncIterator[ServerSentEvent]:
    """Send the status of a task with each change, until it has ended."""

    async def read() -> TaskStatus | None:
        found = await queue.find(task.task_id)  # with QUEUE_DB also one that another process runs
        return TaskStatus.model_validate(found, from_attributes=True) if found else None

    async for state in progress.follow(read, seen):
        yield ServerSentEvent(data=state, id=progress.name_state(state), retry=1000)


# --8<-- [end:follow]
