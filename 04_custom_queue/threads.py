"""Threads for `def` jobs: one for each job, and what happens when a job never comes back.

Nothing can end a thread from outside. A pool of threads is used up by jobs that hang, and then
healthy jobs wait for a thread while their time runs out.
"""

import asyncio
import itertools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any

logger = logging.getLogger(__name__)


class JobThreads:
    """Runs each job in a thread of its own; make it inside a running event loop."""

    def __init__(self, spare: int) -> None:
        self._numbers = itertools.count()
        self._loop = asyncio.get_running_loop()
        self._spare = asyncio.Semaphore(spare)
        self._busy: dict[object, Future[Any]] = {}

    async def run(self, task: object, call: Callable[[], Any]) -> Any:
        """Wait for the result of `call`; if this is cancelled, the thread goes on without us."""
        # The error is part of the value: no future of asyncio can carry a StopIteration.
        future: Future[tuple[Any, BaseException | None]] = Future()
        future.set_running_or_notify_cancel()
        self._busy[task] = future
        name = f"job_{next(self._numbers)}"
        run = partial(copy_context().run, self._run, task, future, call)
        # A daemon: the end of the app does not wait for a job that it has given up.
        threading.Thread(target=run, name=name, daemon=True).start()
        result, error = await asyncio.wrap_future(future)
        if error:
            raise error
        return result

    def is_busy_with(self, task: object) -> bool:
        """Tell whether a thread still works on the job of this task."""
        return task in self._busy

    async def replace(self, task: object) -> None:
        """Wait until a worker may go on whose stopped job is still in a thread.

        So many threads may hang that others take their place. After that the worker waits for one
        of them to come back, and jobs wait in the queue.
        """
        if not (future := self._busy.get(task)):
            return
        future.add_done_callback(self._give_back)
        if self._spare.locked():
            logger.error("too many jobs hang in their threads: one worker less until one ends")
        await self._spare.acquire()

    def _give_back(self, future: Future[Any]) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._spare.release)

    def _run(self, task: object, future: Future[Any], call: Callable[[], Any]) -> None:
        outcome: tuple[Any, BaseException | None]
        try:
            outcome = call(), None
        except BaseException as error:
            outcome = None, error
        self._busy.pop(task, None)
        future.set_result(outcome)
