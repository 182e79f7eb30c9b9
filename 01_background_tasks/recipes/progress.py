"""Live progress for a browser: one connection that tells each change, instead of many questions."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from scenarios import http
from scenarios.in_memory import Tasks
from scenarios.recipes import progress
from scenarios.status import TaskStatus

router = APIRouter()
Seen = Annotated[str | None, Header(alias="Last-Event-ID", description="Sent by the browser.")]


# --8<-- [start:follow]
async def find_task(task_id: str, request: Request, seen: Seen = None) -> TaskStatus:
    """Raise errors before the stream begins: afterwards its status code has been sent."""
    tasks: Tasks = request.app.state.tasks
    if task_id not in tasks:
        raise http.unknown(task_id)
    task = tasks[task_id]
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

    async def read() -> TaskStatus:
        return task  # the record itself, which the job changes

    async for state in progress.follow(read, seen):
        yield ServerSentEvent(data=state, id=progress.name_state(state), retry=1000)


# --8<-- [end:follow]
