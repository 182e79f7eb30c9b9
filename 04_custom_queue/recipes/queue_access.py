"""What the recipes share: the queue of the app, and how a job is put into it."""

from typing import Annotated

from fastapi import Depends, Request, Response

from scenarios import http
from scenarios.contract import ACCEPTS, JSONDict

from ..job_queue import JobQueue, QueueFull, Task

REFUSALS: dict[int | str, JSONDict] = {code: ACCEPTS[code] for code in (202, 400, 413, 503)}
DOWN: dict[int | str, JSONDict] = {503: ACCEPTS[503]}
LONGEST_WAIT_S = 30 * 24 * 3600


def get_queue(request: Request) -> JobQueue:
    """Return the queue that `lifespan` in `main.py` has made."""
    queue: JobQueue = request.app.state.tasks
    return queue


Queue = Annotated[JobQueue, Depends(get_queue)]


async def start(queue: JobQueue, task: Task) -> Response:
    """Put a job into the queue; raise 503 if it is full."""
    try:
        return http.accepted((await queue.put(task)).task_id)
    except QueueFull as error:
        raise http.refused(str(error)) from error
