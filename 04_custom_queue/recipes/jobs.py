"""What the recipes share: the queue of the app, and how a job is put into it."""

from asyncio import to_thread
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from scenarios import http
from scenarios.contract import ACCEPTS, JSONDict
from scenarios.idempotency import fingerprint

from ..job_queue import JobQueue, QueueFull, Task

REFUSALS: dict[int | str, JSONDict] = {code: ACCEPTS[code] for code in (202, 400, 413, 503)}
DOWN: dict[int | str, JSONDict] = {503: ACCEPTS[503]}
LONGEST_WAIT_S = 30 * 24 * 3600


async def get_queue(request: Request) -> JobQueue:
    """Return the queue that `lifespan` in `main.py` has made."""
    queue: JobQueue = request.app.state.tasks
    return queue


Queue = Annotated[JobQueue, Depends(get_queue)]


# --8<-- [start:start]
async def start(queue: JobQueue, task: Task, body: BaseModel) -> Response:
    """Put a job into the queue; raise 503 if it is full.

    A key stands for the route, which `body` and the kind of the task tell, and for what it holds.
    """
    if task.key:
        route = f"{task.kind} {type(body).__name__}"
        facts = body.model_dump(mode="json")
        task.fingerprint = await to_thread(fingerprint, task.task_id, route, facts)
    try:
        return http.accepted((await queue.put(task)).task_id)
    except QueueFull as error:
        raise http.refused(str(error)) from error


# --8<-- [end:start]
