"""A bounded priority queue with workers, inside one event loop.

Retries with back-off, a time limit, cancel, drain with a deadline, metrics that are counted.
"""

import asyncio
import inspect
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from scenarios.contract import QueueMetrics, Status
from scenarios.errors import WorkError, explain
from scenarios.status import JobStopped, RanIn, current_task_id, here

from .process_pool import ProcessPool
from .store import MemoryStore, Task

Work = Callable[..., Any]  # a job: `async def` or `def`, called with what `put` was given
Observe = Callable[[str, Task], None]


class QueueFull(Exception):
    """The queue holds as many waiting tasks as it may, or is closing."""


@dataclass(frozen=True)
class Limits:
    """How much the queue takes on."""

    workers: int = 4
    processes: int = 2
    size: int = 1000
    timeout_s: float = 300
    max_attempts: int = 4
    retry_base_s: float = 1.0
    keep: int = 10_000  # ended tasks that are remembered


class JobQueue:
    """Runs `work[kind]` for each task that is put; the kinds `in_process` run in processes.

    `observe(event, task)` is told of every change. Make and use it inside a running event loop.
    """

    def __init__(
        self,
        work: Mapping[Any, Work],  # Any: a mapping is invariant in its keys, and enums are strings
        limits: Limits,
        in_process: Set[str] = frozenset(),
        observe: Observe = lambda event, task: None,
    ) -> None:
        self._limits, self._observe = limits, observe
        self._store = MemoryStore(limits.keep)
        self._running: dict[str, asyncio.Timeout] = {}
        self._closing = False
        self._idle = asyncio.Event()
        self._threads = ThreadPoolExecutor(limits.workers, "job")
        self._processes = ProcessPool(limits.processes if in_process else 0)
        self._run_work = {kind: self._runner(w, kind in in_process) for kind, w in work.items()}
        self._workers = [asyncio.create_task(self._work()) for _ in range(limits.workers)]

    async def put(self, task: Task) -> Task:
        """Take a job; the highest priority runs first. Raises `QueueFull`.

        Returns the earlier task if there is one with the same key.
        """
        if known := self._store.find_key(task.key):
            return known
        waiting = self._store.counts[Status.QUEUED]
        if self._closing or waiting >= self._limits.size:
            raise QueueFull(f"the queue is closing or full: {waiting} tasks wait")
        self._idle.clear()
        self._observe("accepted", task)
        self._store.add(task)
        return task

    async def find(self, task_id: str) -> Task | None:
        """Return the task with this id, if it was taken and is not forgotten."""
        return self._store.find(task_id)

    async def cancel(self, task: Task) -> bool:
        """End a task that waits or runs; False if it has ended."""
        return self._stop(task, Status.CANCELLED, None)

    async def metrics(self) -> QueueMetrics:
        """Count the tasks by state, and the workers that live."""
        return QueueMetrics(
            queued=self._store.counts[Status.QUEUED],
            running=self._store.counts[Status.RUNNING],
            succeeded=self._store.counts[Status.SUCCEEDED],
            failed=self._store.counts[Status.FAILED],
            oldest_queued_s=self._store.oldest_queued_s(),
            workers=sum(not worker.done() for worker in self._workers),
        )

    async def close(self, drain_s: float) -> None:
        """Take nothing more, let tasks end for `drain_s`, then interrupt what is left."""
        self._closing = True
        with suppress(TimeoutError):
            if self._store.unfinished():
                await asyncio.wait_for(self._idle.wait(), drain_s)
        for task in self._store.unfinished():
            self._stop(task, Status.INTERRUPTED, "the app stopped before the job had ended")
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._processes.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _work(self) -> None:
        while True:
            await self._attempt(await self._store.take())

    async def _attempt(self, task: Task) -> None:
        self._store.change(task, Status.RUNNING)
        task.started_at = time.time()
        task.attempts += 1
        current_task_id.set(task.task_id)
        self._observe("started", task)
        try:
            async with asyncio.timeout(self._limits.timeout_s) as limit:
                self._running[task.task_id] = limit
                result = await self._run_work[task.kind](task)
        except Exception as error:  # the job boundary: a worker must live on
            late = WorkError(f"the job took longer than {self._limits.timeout_s:g} s")
            self._fail_or_retry(task, late if limit.expired() else error)
        else:
            if self._end(task, Status.SUCCEEDED, None):
                task.progress, task.result = 100, result
        finally:
            del self._running[task.task_id]

    def _fail_or_retry(self, task: Task, error: Exception) -> None:
        if isinstance(error, WorkError) or task.attempts >= self._limits.max_attempts:
            self._end(task, Status.FAILED, explain(error))
        elif not task.status.is_final:
            # Half of the delay is random: jobs that failed together do not return together.
            delay_s = self._limits.retry_base_s * 2 ** (task.attempts - 1) * random.uniform(0.5, 1)
            self._store.change(task, Status.QUEUED)
            self._observe("retried", task)
            asyncio.get_running_loop().call_later(delay_s, self._store.offer, task)

    def _stop(self, task: Task, status: Status, error: str | None) -> bool:
        if not self._end(task, status, error):
            return False
        if limit := self._running.get(task.task_id):
            limit.reschedule(0)  # its time is over: the job is cancelled where it waits
        return True

    def _end(self, task: Task, status: Status, error: str | None) -> bool:
        if task.status.is_final:
            return False  # a task ends once: a thread may come back after its task was cancelled
        task.error = error
        self._store.change(task, status)
        self._observe("finished" if status is Status.SUCCEEDED else status, task)
        if not self._store.counts[Status.QUEUED] + self._store.counts[Status.RUNNING]:
            self._idle.set()
        return True

    def _runner(self, work: Work, in_process: bool) -> Callable[[Task], Awaitable[Any]]:
        """Return what runs a job: on the loop if it is `async def`, else in a thread or process."""

        def call(task: Task) -> Any:
            current_task_id.set(task.task_id)
            report = partial(self._report, task)
            return work(task_id=task.task_id, report_progress=report, **task.arguments)

        async def in_a_thread(task: Task) -> Any:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call, task)

        async def in_a_process(task: Task) -> Any:
            arguments = {"task_id": task.task_id, **task.arguments}
            return await self._processes.run(work, arguments, partial(self._report, task))

        if in_process:
            return in_a_process
        return call if inspect.iscoroutinefunction(work) else in_a_thread

    def _report(self, task: Task, percent: int, ran_in: RanIn | None = None) -> None:
        if task.status.is_final:
            raise JobStopped(f"the task is {task.status}")  # how a thread learns of a cancel
        task.progress, task.ran_in = percent, ran_in or here()
