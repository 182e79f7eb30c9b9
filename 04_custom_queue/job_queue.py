"""A bounded priority queue with workers, inside one event loop.

Retries with back-off, a time limit, cancel, drain with a deadline. A store keeps the tasks: in
memory, or in an SQLite file that outlives the process.
"""

import asyncio
import inspect
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from scenarios.contract import QueueMetrics
from scenarios.errors import WorkError, explain
from scenarios.status import JobStopped, RanIn, current_task_id, here

from .memory_store import MemoryStore
from .process_pool import ProcessPool
from .sqlite_store import SQLiteStore
from .store import FAILED, RUNNING, SUCCEEDED, Again, Limits, Observe, Store, Task
from .worker import Worker

logger = logging.getLogger(__name__)
Work = Callable[..., Any]  # a job: `async def` or `def`, called with what `put` was given
TURN = 64  # jobs


class JobQueue:
    """Runs `work[kind]` for each task that is put; the kinds `in_process` run in processes.

    `observe(event, task)` is told of every change. With `db` the tasks are kept in that file, and
    several queues may share it. Make and use a queue inside a running event loop.
    """

    def __init__(
        self,
        work: Mapping[Any, Work],  # Any: a mapping is invariant in its keys, and enums are strings
        limits: Limits,
        in_process: Set[str] = frozenset(),
        observe: Observe | None = None,
        db: Path | None = None,
    ) -> None:
        self._limits = limits
        self._store: Store = (
            SQLiteStore(db, limits, observe, self._stop)
            if db
            else MemoryStore(limits, observe, self._stop)
        )
        self._threads = ThreadPoolExecutor(limits.workers, "job")
        self._in_threads: set[Task] = set()
        self._processes = ProcessPool(limits.processes if in_process else 0)
        self._run_work = {kind: self._runner(w, kind in in_process) for kind, w in work.items()}
        self._watch: asyncio.TimerHandle | None = None
        self._stopped = False
        self._workers = [Worker() for _ in range(limits.workers)]
        for worker in self._workers:
            worker.loop_task = asyncio.create_task(self._work(worker))

    def put(self, task: Task) -> Awaitable[Task]:
        """Take a job; of those that are due the highest priority runs first. Raises `QueueFull`.

        Returns the earlier task if there is one with the same key.
        """
        return self._store.add(task)

    async def find(self, task_id: str) -> Task | None:
        """Return the task with this id, if it was taken and is not forgotten."""
        return await self._store.find(task_id)

    async def cancel(self, task: Task) -> bool:
        """Ask a task that waits or runs to end; False if it has ended."""
        return await self._store.cancel(task.task_id)

    async def find_failed(self, limit: int) -> list[Task]:
        """Return tasks that failed for good, the last one first."""
        return await self._store.find_failed(limit)

    async def find_unfinished(self, kind: str) -> list[Task]:
        """Return the tasks of this kind that wait or run."""
        return await self._store.find_unfinished(kind)

    async def put_back(self, task: Task) -> bool:
        """Let a failed task run again, with all its attempts; False if it has not failed."""
        return await self._store.put_back(task.task_id)

    async def metrics(self) -> QueueMetrics:
        """Count the tasks by state, and the workers that live."""
        metrics = await self._store.metrics()
        dead = sum(worker.loop_task is None or worker.loop_task.done() for worker in self._workers)
        return metrics.model_copy(update={"workers": (metrics.workers or 0) - dead})

    async def close(self, drain_s: float) -> None:
        """Take nothing more, let tasks end for `drain_s`, then give up what is left."""
        self._store.stop_adding()
        deadline, last_due = time.monotonic() + drain_s, time.time() + drain_s
        left = self._store.unfinished()
        while any(task.due <= last_due for task in left) and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
            left = self._store.unfinished()
        if left:
            fate = self._store.fate_at_stop
            logger.warning("%d tasks had not ended after %g s: %s", len(left), drain_s, fate)
        for task in left:
            self._store.give_up(task)
        await self._stop_workers()
        self._processes.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        await self._store.close([task for task in left if task in self._in_threads])

    async def _stop_workers(self) -> None:
        self._stopped = True
        loop_tasks = [worker.loop_task for worker in self._workers if worker.loop_task]
        for loop_task in loop_tasks:
            loop_task.cancel()
        await asyncio.wait(loop_tasks, timeout=1)  # a job may refuse to be cancelled
        if self._watch:
            self._watch.cancel()

    async def _work(self, worker: Worker) -> None:
        while not self._stopped:
            task = await self._store.take()
            if task.status is RUNNING:  # it may have been cancelled on the way to us
                await self._attempt(task, worker)
            if not task.number % TURN:
                await asyncio.sleep(0)  # jobs that never wait would keep the loop for themselves

    async def _attempt(self, task: Task, worker: Worker) -> None:
        worker.runs, worker.deadline = task, time.monotonic() + self._limits.timeout_s
        if not self._watch:
            self._end_late_jobs()
        error = None
        try:
            result = await self._run_work[task.kind](task)
        except asyncio.CancelledError:
            if not worker.stopped:
                raise
        except Exception as caught:  # the job boundary: a worker must live on
            error = caught
        finally:
            worker.runs = None
        if worker.stopped:
            await worker.recover()
        elif error:
            self._fail_or_retry(task, error)
        elif isinstance(result, Again):
            self._store.repeat(task, result)
        else:
            self._store.end(task, SUCCEEDED, result)

    def _fail_or_retry(self, task: Task, error: Exception) -> None:
        if isinstance(error, WorkError) or task.attempts >= self._limits.max_attempts:
            self._store.end(task, FAILED, error=explain(error))
        else:
            # Half of the delay is random: jobs that failed together do not return together.
            delay_s = self._limits.retry_base_s * 2 ** (task.attempts - 1) * random.uniform(0.5, 1)
            self._store.retry(task, delay_s)

    def _end_late_jobs(self) -> None:
        """End the jobs whose time is over, and look again when the next one's is.

        One timer for all jobs: most have ended long before it fires.
        """
        error = f"the job took longer than {self._limits.timeout_s:g} s"
        now = time.monotonic()
        next_s = None
        for worker in self._workers:
            if worker.runs and worker.deadline <= now:
                self._store.end(worker.runs, FAILED, error=error)
                worker.stop()
            elif worker.runs:
                next_s = min(next_s or math.inf, worker.deadline - now)
        loop = asyncio.get_running_loop()
        self._watch = loop.call_later(next_s, self._end_late_jobs) if next_s else None

    def _stop(self, task: Task) -> None:
        """Stop the job of a task that was ended from outside, or is not ours any more."""
        for worker in self._workers:
            if worker.runs is task:
                worker.stop()

    def _runner(self, work: Work, in_process: bool) -> Callable[[Task], Awaitable[Any]]:
        """Return what runs a job: on the loop if it is `async def`, else in a thread or process."""

        def call(task: Task) -> Any:
            current_task_id.set(task.task_id)
            report = partial(self._report, task)
            return work(task_id=task.task_id, report_progress=report, **task.arguments)

        def call_in_thread(task: Task) -> Any:
            try:
                return call(task)
            finally:
                self._in_threads.discard(task)

        async def in_a_thread(task: Task) -> Any:
            self._in_threads.add(task)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, call_in_thread, task)

        async def in_a_process(task: Task) -> Any:
            arguments = {"task_id": task.task_id, **task.arguments}
            return await self._processes.run(work, arguments, partial(self._report, task))

        if in_process:
            return in_a_process
        return call if inspect.iscoroutinefunction(work) else in_a_thread

    def _report(self, task: Task, percent: int, ran_in: RanIn | None = None) -> None:
        if task.status is not RUNNING:
            raise JobStopped(f"the task is {task.status}")  # how a thread learns of a cancel
        task.progress, task.ran_in = percent, ran_in or here()
        self._store.report(task)
