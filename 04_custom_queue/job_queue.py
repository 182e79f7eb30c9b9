"""A bounded priority queue with workers, inside one event loop: what a task is, and who runs it.

Retries with back-off, a time limit, cancel, drain with a deadline. A store keeps the tasks, refuses
one too many and hands out the next: see `store.py`. `memory.py` forgets at a stop, `durable/` not.
"""

import asyncio
import inspect
import logging
import math
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Set
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from scenarios.contract import QueueMetrics, Status
from scenarios.errors import WorkError, explain, shortest_wait_s
from scenarios.status import JobStopped, RanIn, current_task_id, here, to_json_object

from .processes import ProcessPool
from .threads import JobThreads

if TYPE_CHECKING:
    from .store import OpenStore

logger = logging.getLogger(__name__)
Work = Callable[..., Any]  # a job: `async def` or `def`, called with what `put` was given
TURN = 64  # jobs
RUNNING, SUCCEEDED = Status.RUNNING, Status.SUCCEEDED  # `Status.RUNNING` takes five times as long


@dataclass(slots=True, eq=False)
class Task:
    """One job and what is known of it; times are seconds since the epoch."""

    task_id: str
    kind: str
    arguments: dict[str, Any]
    priority: int = 0
    key: str | None = None  # chosen by the client: the same key is the same task
    fingerprint: str | None = None  # of the request that the key belongs to
    due: float = 0  # not taken before this date; 0: at once
    delay_s: float = 0  # nor before so many seconds have passed, whatever is done to the clock
    ready: float = 0  # in memory: since when it can run or has ended, on the monotonic clock
    size_bytes: int = 0  # in memory: about what it holds since it has ended
    number: int = 0  # order of arrival; makes the order of equal priorities total
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
class Again:
    """What a job returns whose task has not ended: it runs again later, with `arguments`.

    There is one task however often it runs, so runs never overlap and never pile up.
    """

    delay_s: float
    arguments: dict[str, Any]


class QueueFull(Exception):
    """The queue holds as many waiting tasks as it may, or is closing."""


class QueueUnavailable(Exception):
    """The file of the queue cannot be used now; says why."""


@dataclass(frozen=True)
class Limits:
    """How much the queue takes on."""

    workers: int = 4  # jobs that run at the same time, `async def` jobs too
    processes: int = 2  # of those, jobs that run in a process of their own
    spare_threads: int = 8  # jobs that may hang in their thread before workers are lost
    size: int = 1000  # tasks that wait, delayed ones included; one more raises `QueueFull`
    timeout_s: float = 300  # seconds that one attempt may take, from when it really runs
    max_attempts: int = 4  # runs of a task that fails: the first one and its retries
    retry_base_s: float = 1.0  # seconds before the first retry; they double with each further one
    keep_s: float = 3600  # seconds that an ended task is remembered, with its key and its files
    keep: int = 10_000  # ended tasks that are remembered at most, in memory
    keep_bytes: int = 64 * 1024**2  # arguments and results that they hold at most, in memory
    lease_s: float = 10  # on disk: seconds of silence after which others take a process's tasks


# --8<-- [start:worker]
@dataclass(slots=True, eq=False)
class Worker:
    """Runs one job after the other; `stop` ends the job alone, as a `CancelScope` in the steps."""

    runs: Task | None = None
    deadline: float = 0  # of the job, on the monotonic clock
    stopped: bool = False
    lost: bool = False  # waits for a thread that a job does not give back
    loop_task: "asyncio.Task[None] | None" = None

    def stop(self) -> None:
        """Cancel the job where it waits, once."""
        if not self.stopped and self.loop_task:
            self.stopped, self.deadline = True, time.monotonic() + 1  # later it counts as lost
            self.loop_task.cancel()

    async def recover(self) -> None:
        """Make the worker whole after its job was cancelled, whether the job noticed or not."""
        self.stopped = False
        if self.loop_task:
            self.loop_task.uncancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)  # a cancel too late for this job must not hit the next one


# --8<-- [end:worker]
class JobQueue:
    """Runs `work[kind]` for each task that is put; the kinds `in_process` run in processes.

    `observe(event, task)` is told of every change, and `forget(task_ids)`, in a thread, of tasks
    that ended `keep_s` ago: what belongs to them can go. Make and use a queue inside a running
    event loop. What only some apps ask for stands in its `store`.
    """

    def __init__(
        self,
        open_store: "OpenStore",
        work: Mapping[Any, Work],  # Any: a mapping is invariant in its keys, and enums are strings
        limits: Limits,
        in_process: Set[str] = frozenset(),
        observe: Callable[[str, Task], None] | None = None,
        forget: Callable[[list[str]], None] | None = None,
    ) -> None:
        self._works, self._limits, self._in_process = work, limits, in_process
        self._on_loop = {kind for kind, each in work.items() if inspect.iscoroutinefunction(each)}
        self.store = open_store(limits, observe, self._stop, forget)
        self._threads = JobThreads(limits.spare_threads)
        self._processes = ProcessPool(limits.processes if in_process else 0)
        self._watch: asyncio.TimerHandle | None = None
        self._stopped = False
        self._workers = [Worker() for _ in range(limits.workers)]
        for worker in self._workers:
            worker.loop_task = asyncio.create_task(self._work(worker))

    def put(self, task: Task) -> Awaitable[Task]:
        """Take a job; of those that are due the highest priority runs first.

        Returns the earlier task if there is one with the same key. Raises `QueueFull`, and
        `KeyReused` if that task stands for another request.
        """
        return self.store.add(task)

    async def find(self, task_id: str) -> Task | None:
        """Return the task with this id, if it was taken and is not forgotten."""
        return await self.store.find(task_id)

    async def cancel(self, task: Task) -> bool:
        """Ask a task that waits or runs to end; False if it has ended."""
        return await self.store.cancel(task.task_id)

    async def metrics(self) -> QueueMetrics:
        """Count the tasks by state, and the workers that live."""
        self._count_workers()
        return await self.store.metrics()

    @asynccontextmanager
    async def running(self, drain_s: float) -> AsyncIterator[None]:
        """Close the queue after the block; one that is cut off has no time to drain."""
        try:
            yield
        except BaseException:  # a second Ctrl-C cancels the lifespan
            drain_s = 0
            raise
        finally:
            await self.close(drain_s)

    async def close(self, drain_s: float) -> None:
        """Take nothing more, let tasks end for `drain_s`, then give up what is left."""
        self.store.stop_adding()
        deadline, date = time.monotonic() + drain_s, time.time() + drain_s
        left = self.store.unfinished()
        while any(begins_by(each, deadline, date) for each in left) and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
            left = self.store.unfinished()
        if left:
            fate = self.store.fate_at_stop
            logger.warning("%d tasks had not ended after %g s: %s", len(left), drain_s, fate)
        for task in left:
            self.store.give_up(task)
        await self._stop_workers()
        self._processes.close()
        await self.store.close([task for task in left if self._threads.is_busy_with(task)])

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
            task = await self.store.take()  # waits for one, and notes that it runs
            if task.status is RUNNING:  # it may have been cancelled on the way to us
                await self._attempt(task, worker)
            if not task.number % TURN:
                await asyncio.sleep(0)  # jobs that never wait would keep the loop for themselves

    async def _attempt(self, task: Task, worker: Worker) -> None:
        worker.runs, worker.deadline = task, math.inf
        error: BaseException | None = None
        try:
            result = await self._run(task, worker)
            result = result if isinstance(result, Again) else to_json_object(result)
        except asyncio.CancelledError as cancelled:
            if not worker.stopped and worker.loop_task and worker.loop_task.cancelling():
                raise
            error = cancelled  # the job has got it from elsewhere
        except BaseException as caught:  # the job boundary: not even `sys.exit` ends a worker
            error = caught
        finally:
            worker.runs = None
        if worker.stopped:
            await worker.recover()
            await self._replace_thread(task, worker)
        elif isinstance(error, JobStopped):  # we may have lost the task: somebody is to look again
            self.store.retry(task, 0, is_counted=False)
        elif error:
            self._fail_or_retry(task, error)
        elif isinstance(result, Again):
            self.store.repeat(task, result)
        else:
            self.store.end(task, SUCCEEDED, result)

    def _fail_or_retry(self, task: Task, error: BaseException) -> None:
        if isinstance(error, WorkError) or task.attempts >= self._limits.max_attempts:
            self.store.end(task, Status.FAILED, error=explain(error))
        else:
            # Half of the delay is random: jobs that failed together do not return together.
            delay_s = self._limits.retry_base_s * 2 ** (task.attempts - 1) * random.uniform(0.5, 1)
            self.store.retry(task, max(delay_s, shortest_wait_s(error)), explain(error))

    def _end_late_jobs(self) -> None:
        """End the jobs whose time is over, and look again when the next one's is.

        One timer for all jobs: most have ended long before it fires.
        """
        error = f"the job took longer than {self._limits.timeout_s:g} s"
        now = time.monotonic()
        next_s = None
        for worker in self._workers:
            if worker.runs and worker.deadline <= now:
                self.store.end(worker.runs, Status.FAILED, error=error)
                worker.stop()
            elif worker.runs and worker.deadline < math.inf:
                next_s = min(next_s or math.inf, worker.deadline - now)
        loop = asyncio.get_running_loop()
        self._watch = loop.call_later(next_s, self._end_late_jobs) if next_s else None

    def _stop(self, task: Task) -> None:
        """Stop the job of a task that was ended from outside, or is not ours any more."""
        for worker in self._workers:
            if worker.runs is task:
                worker.stop()

    def _run(self, task: Task, worker: Worker) -> Any:
        """Return what waits for the job; its time counts from when it has its thread or process."""
        current_task_id.set(task.task_id)
        if task.kind in self._in_process:
            return self._run_in_process(task, worker)
        self._start_clock(worker)
        work, report = self._works[task.kind], partial(self._report, task)
        call = partial(work, task_id=task.task_id, report_progress=report, **task.arguments)
        return call() if task.kind in self._on_loop else self._threads.run(task, call)

    async def _run_in_process(self, task: Task, worker: Worker) -> Any:
        work, report = self._works[task.kind], partial(self._report, task)
        async with self._processes.free_process() as process:
            self._start_clock(worker)
            arguments = {"task_id": task.task_id, **task.arguments}
            return await self._processes.run(process, work, arguments, report)

    def _start_clock(self, worker: Worker) -> None:
        worker.deadline = time.monotonic() + self._limits.timeout_s
        if not self._watch:
            self._end_late_jobs()

    async def _replace_thread(self, task: Task, worker: Worker) -> None:
        worker.lost = True
        self._count_workers()
        await self._threads.replace(task)
        worker.lost = False
        self._count_workers()

    def _count_workers(self) -> None:
        lost = sum(w.lost or (w.stopped and w.deadline < time.monotonic()) for w in self._workers)
        self.store.count_workers(self._limits.workers - lost)

    def _report(self, task: Task, percent: int, ran_in: RanIn | None = None) -> None:
        if task.status is not RUNNING:
            raise JobStopped(f"the task is {task.status}")  # how a thread learns of a cancel
        if not self.store.holds(task):
            raise JobStopped("another process may have taken the task over")
        task.progress, task.ran_in = percent, ran_in or here()
        self.store.report(task)


def begins_by(task: Task, deadline: float, date: float) -> bool:
    """Tell whether a task runs, or need not wait longer than until then."""
    return task.status is RUNNING or (task.ready <= deadline and task.due <= date)
