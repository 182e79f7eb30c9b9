"""Live progress for a browser: one connection that tells each change, instead of many questions."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from scenarios import http
from scenarios.contract import UNKNOWN, JSONDict
from scenarios.status import TaskStatus

LOOK_EVERY_S = 0.2
# A server that is told to stop waits for open connections: a stream that could last for days
# would keep it from stopping. The client comes back by itself, and goes on where it was.
LONGEST_S = 10.0

# FastAPI would say of each answer that it is a stream; only the 200 is.
PROBLEM = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
ANSWERS: dict[int | str, JSONDict] = {
    204: {"description": "The client has seen the end of the task."},
    **{
        code: {"description": answer["description"], "content": PROBLEM}
        for code, answer in UNKNOWN.items()
    },
}
Seen = Annotated[str | None, Header(alias="Last-Event-ID", description="Sent by the browser.")]
Read = Callable[[FastAPI, str], Awaitable[TaskStatus | None]]


# --8<-- [start:route]
def make_router(read: Read) -> APIRouter:
    """Return the route of an approach: `read` returns what its app knows of a task."""
    router = APIRouter()

    async def find_task(task_id: str, request: Request, seen: Seen = None) -> TaskStatus:
        """Raise errors before the stream begins: afterwards its status code has been sent."""
        if not (task := await read(request.app, task_id)):
            raise http.unknown(task_id)
        if task.status.is_final and seen == name_state(task):
            raise HTTPException(204)  # else the browser, which has the end, connects again
        return task

    @router.get("/tasks/{task_id}/events", response_class=EventSourceResponse, responses=ANSWERS)
    async def follow_task(
        task: Annotated[TaskStatus, Depends(find_task)], request: Request, seen: Seen = None
    ) -> AsyncIterator[ServerSentEvent]:
        """Send the status of a task with each change, until it has ended."""
        async for state in follow(lambda: read(request.app, task.task_id), seen):
            yield ServerSentEvent(data=state, id=name_state(state), retry=1000)

    return router


# --8<-- [end:route]
def name_state(task: TaskStatus) -> str:
    """Return a name for what a client can see of the task; it comes back as `Last-Event-ID`."""
    return f"{task.attempts}-{task.status}-{task.progress}"


# --8<-- [start:follow]
async def follow(
    look: Callable[[], Awaitable[TaskStatus | None]], seen: str | None
) -> AsyncIterator[TaskStatus]:
    """Yield the task now and after each change, without the state that the client has `seen`."""
    until = time.monotonic() + LONGEST_S
    while (task := await look()) and time.monotonic() < until:
        has_ended = task.status.is_final  # before the `yield`: a record in memory goes on meanwhile
        if name_state(task) != seen:
            seen = name_state(task)
            yield task
        if has_ended:
            return
        await asyncio.sleep(LOOK_EVERY_S)


# --8<-- [end:follow]
