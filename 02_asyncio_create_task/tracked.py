"""Tasks that somebody keeps: referenced until they end, limited in number, drained at the stop."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread

from scenarios import get_settings, http

settings = get_settings()
T = TypeVar("T")
# --8<-- [start:tracked]
running: dict[str, asyncio.Task[None]] = {}  # the event loop keeps weak references only
threads = CapacityLimiter(2)  # for blocking work; FastAPI's own 40 stay free for routes


def create_tracked_task(task_id: str, job: Coroutine[None, None, None]) -> None:
    """Start `job` on the event loop and keep it in `running` until it has ended."""
    running[task_id] = asyncio.create_task(job)
    running[task_id].add_done_callback(lambda _: running.pop(task_id))


# --8<-- [start:limit]
def refuse_if_full() -> None:
    """Raise 503 when MAX_RUNNING jobs run: nothing else bounds what a process takes on."""
    if len(running) >= settings.max_running:
        raise http.refused(f"{len(running)} jobs are running, the limit")


# --8<-- [end:limit]
async def run_in_thread(work: Callable[..., T], *arguments: Any) -> T:
    """Run blocking `work` in one of the two threads.

    A cancel is heard at once and frees the place, though nothing can end the thread: one whose
    work hangs stays beside the two until the process ends.
    """
    return await to_thread.run_sync(work, *arguments, abandon_on_cancel=True, limiter=threads)


async def drain() -> None:
    """Wait DRAIN_S for the running jobs; then gather() cancels those that still run."""
    with suppress(TimeoutError):
        async with asyncio.timeout(settings.drain_s):
            await asyncio.gather(*running.values(), return_exceptions=True)


# --8<-- [end:tracked]
