"""One worker of the queue, and how its job is stopped while the worker lives on."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from .store import Task


@dataclass(slots=True, eq=False)
class Worker:
    """Runs one job after the other; `stop` ends the job and not the worker."""

    runs: Task | None = None
    deadline: float = 0  # of the job, on the monotonic clock
    stopped: bool = False
    loop_task: "asyncio.Task[None] | None" = None

    def stop(self) -> None:
        """Cancel the job where it waits, once."""
        if not self.stopped and self.loop_task:
            self.stopped = True
            self.loop_task.cancel()

    async def recover(self) -> None:
        """Make the worker whole after its job was cancelled, whether the job noticed or not."""
        self.stopped = False
        if self.loop_task:
            self.loop_task.uncancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)  # a cancel that the job did not wait for would hit the next one
