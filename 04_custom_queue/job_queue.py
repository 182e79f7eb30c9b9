"""A bounded priority queue with workers, inside one event loop.

Retries with back-off, a time limit, cancel, drain with a deadline, metrics that are counted.
"""

import asyncio
import inspect
import itertools
import random
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from scenarios.contract import Status
from scenarios.errors import WorkError, explain
from scenarios.status import JobStopped, RanIn, here

from .process_pool import ProcessPool

Work = Callable[..., Any]  # a job: `async def` or `def`, called with what `put` was given


class QueueFull(Exception):
    """The queue holds as many waiting tasks as it may, or is closing."""


@dataclass(slots=True, eq=False)
class Task:
    """One job and what is known of it; times are seconds since the epoch."""

    task_id: str
    kind: str
    arguments: dict[str, Any]
    priority: int = 0
    key: str | None = None
    status: Status = Status.QUEUED
    progress: int = 0
    attempts: int = 0
    result: Any = None
    error: str | None = None
    queued_at: float = field(default_factory=time.time)
    started_at: float | None = None
    finished_at: float | None = None
    ran_in: RanIn | None = None


@dataclass(frozen=True)
class Limits:
    """How much the queue takes on."""

    workers: int = 4
    size: int = 1000
    timeout_s: float = 300
    max_attempts: int = 4
    retry_base_s: float = 1.0
    keep: int = 10_000  # ended tasks that are remembered


class JobQueue:
    """Runs `work[kind]` for each task that is put; kinds `in_process` run in processes.

    `observe(event, task)` is told of every change. Make and use it inside a running event loop.
    """

    def __init__(
        self,
        work: Mapping[str, Work],
        limits: Limits,
        in_process: Set[str] = frozenset(),
        observe: Callable[[str, Task], None] = lambda event, task: None,
    ) -> None:
        self.tasks: dict[str, Task] = {}
        self.counts: Counter[Status] = Counter()
        self._limits, self._observe = limits, observe
        self._keys: dict[str, str] = {}
        self._ended: deque[Task] = deque()
        self._running: dict[str, asyncio.Timeout] = {}
        # The number makes the order total: equal priorities run first come, first served.
        self._waiting: asyncio.PriorityQueue[tuple[int, int, Task]] = asyncio.PriorityQueue()
        self._numbers = itertools.count()
        self._idle = asyncio.Event()
        self._closing = False
        self._threads = ThreadPoolExecutor(limits.workers, "job")
        self._processes = ProcessPool(limits.workers if in_process else 0)
        self._call = {kind: self._caller(w, kind in in_process) for kind, w in work.items()}
        self._workers = [asyncio.create_task(self._work()) for _ in range(limits.workers)]

    def put(
        self,
        task_id: str,
        kind: str,
        arguments: dict[str, Any],
        priority: int = 0,
        key: str | None = None,
    ) -> Task:
        """Take a job; the highest priority runs first. Raises `QueueFull`.

        A `key` that was used before returns the task that it was used for.
        """
        if key is not None and key in self._keys:
            return self.tasks[self._keys[key]]
        if self._closing or self.counts[Status.QUEUED] >= self._limits.size:
            raise QueueFull(f"{self.counts[Status.QUEUED]} tasks are waiting")
        task = self.tasks[task_id] = Task(task_id, kind, arguments, priority, key)
        if key is not None:
            self._keys[key] = task_id
        self.counts[Status.QUEUED] += 1
        self._idle.clear()
        self._observe("accepted", task)
        self._push(task)
        return task

    def cancel(self, task: Task) -> bool:
        """End a task that waits or runs; False if it has ended."""
        return self._stop(task, Status.CANCELLED, None)

    def oldest_queued_s(self) -> float:
        """Return the age of the task that has waited longest."""
        waiting = (task for task in self.tasks.values() if task.status is Status.QUEUED)
        first = next(waiting, None)  # tasks are kept in the order of their arrival
        return time.time() - first.queued_at if first else 0.0

    def workers(self) -> int:
        """Return how many workers are alive."""
        return sum(not worker.done() for worker in self._workers)

    async def close(self, drain_s: float) -> None:
        """Take nothing more, let tasks end for `drain_s`, then interrupt what is left."""
        self._closing = True
        unfinished = self.counts[Status.QUEUED] + self.counts[Status.RUNNING]
        if unfinished:
            try:
                await asyncio.wait_for(self._idle.wait(), drain_s)
            except TimeoutError:
                for task in list(self.tasks.values()):
                    self._stop(task, Status.INTERRUPTED, "the app stopped before the job had ended")
                await asyncio.sleep(0)
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._processes.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _work(self) -> None:
        while True:
            _, _, task = await self._waiting.get()
            if task.status is Status.QUEUED:  # it may have been cancelled while it waited
                await self._run(task)

    async def _run(self, task: Task) -> None:
        self._change(task, Status.RUNNING)
        task.started_at = time.time()
        task.attempts += 1
        self._observe("started", task)
        try:
            async with asyncio.timeout(self._limits.timeout_s) as limit:
                self._running[task.task_id] = limit
                result = await self._call[task.kind](task)
        except TimeoutError as error:
            # A limit that was moved by `_stop` has already said how the task ended.
            late = WorkError(f"the job took longer than {self._limits.timeout_s:g} s")
            self._fail(task, late if limit.expired() else error)
        except Exception as error:  # the job boundary: a worker must live on
            self._fail(task, error)
        else:
            task.progress, task.result = 100, result
            self._end(task, Status.SUCCEEDED, None)
        finally:
            del self._running[task.task_id]

    def _fail(self, task: Task, error: Exception) -> None:
        if task.status is not Status.RUNNING:
            return
        if isinstance(error, WorkError) or task.attempts >= self._limits.max_attempts:
            self._end(task, Status.FAILED, explain(error))
            return
        # Half of the delay is random, so that jobs that failed together do not return together.
        delay_s = self._limits.retry_base_s * 2 ** (task.attempts - 1) * random.uniform(0.5, 1)
        self._change(task, Status.QUEUED)
        self._observe("retried", task)
        asyncio.get_running_loop().call_later(delay_s, self._push, task)

    def _stop(self, task: Task, status: Status, error: str | None) -> bool:
        if task.status.is_final:
            return False
        self._end(task, status, error)
        if limit := self._running.get(task.task_id):
            limit.reschedule(0)  # its time is over: the job is cancelled where it waits
        return True

    def _end(self, task: Task, status: Status, error: str | None) -> None:
        if task.status.is_final:
            return
        self._change(task, status)
        task.error, task.finished_at, task.arguments = error, time.time(), {}
        self._observe("finished" if status is Status.SUCCEEDED else status, task)
        self._ended.append(task)
        if len(self._ended) > self._limits.keep:
            self._forget(self._ended.popleft())
        if not self.counts[Status.QUEUED] + self.counts[Status.RUNNING]:
            self._idle.set()

    def _forget(self, task: Task) -> None:
        del self.tasks[task.task_id]
        self.counts[task.status] -= 1
        if task.key is not None:
            del self._keys[task.key]

    def _change(self, task: Task, status: Status) -> None:
        self.counts[task.status] -= 1
        self.counts[status] += 1
        task.status = status

    def _push(self, task: Task) -> None:
        self._waiting.put_nowait((-task.priority, next(self._numbers), task))

    def _caller(self, work: Work, in_process: bool) -> Callable[[Task], Awaitable[Any]]:
        """Return how a job is run: in a process, on the loop (`async def`) or in a thread."""

        async def in_a_process(task: Task) -> Any:
            report = partial(self._report, task)
            arguments = {"task_id": task.task_id, **task.arguments}
            return await self._processes.run(work, arguments, report)

        async def in_a_thread(task: Task) -> Any:
            job = partial(copy_context().run, on_the_loop, task)
            return await asyncio.get_running_loop().run_in_executor(self._threads, job)

        def on_the_loop(task: Task) -> Any:
            report = partial(self._report, task)
            return work(task_id=task.task_id, report_progress=report, **task.arguments)

        if in_process:
            return in_a_process
        return on_the_loop if inspect.iscoroutinefunction(work) else in_a_thread

    def _report(self, task: Task, percent: int, ran_in: RanIn | None = None) -> None:
        if task.status.is_final:
            raise JobStopped(f"the task is {task.status}")  # how a thread learns of a cancel
        task.progress, task.ran_in = percent, ran_in or here()
