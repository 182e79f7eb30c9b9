"""What a client is told of a task that it follows: each change once, until the end."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

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
Read = Callable[[], Awaitable[TaskStatus | None]]


def name_state(task: TaskStatus) -> str:
    """Return a name for what a client can see of the task; it comes back as `Last-Event-ID`."""
    return f"{task.attempts}-{task.status}-{task.progress}"


# --8<-- [start:follow]
async def follow(read: Read, seen: str | None) -> AsyncIterator[TaskStatus]:
    """Yield the task now and after each change, without the state that the client has `seen`."""
    until = time.monotonic() + LONGEST_S
    while (task := await read()) and time.monotonic() < until:
        has_ended = task.status.is_final  # before the `yield`: a record in memory goes on meanwhile
        if name_state(task) != seen:
            seen = name_state(task)
            yield task
        if has_ended:
            return
        await asyncio.sleep(LOOK_EVERY_S)


# --8<-- [end:follow]
