"""A few processes for CPU-bound jobs: each can be killed alone, none outlives the app.

The standard `ProcessPoolExecutor` breaks as a whole when one of its processes dies, cannot end a
running job, and its processes stay behind when the app is killed with -9.
"""

import asyncio
import multiprocessing
import os
import pickle
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from scenarios.errors import WorkError, words_of
from scenarios.status import JobStopped, RanIn, here

# Not "fork": the app has threads, and a lock that one of them holds would be copied locked.
context = multiprocessing.get_context("spawn")
Report = Callable[[int, RanIn], None]


class ProcessDied(Exception):
    """The process that ran the job is gone, and so is what the job had done."""


class JobProcess:
    """One process that runs one job at a time."""

    _process: SpawnProcess | None = None
    _pipe: Connection

    def __init__(self) -> None:
        self._lock = threading.Lock()  # `kill` may come while `start` is under way

    def start(self) -> None:
        """Start the process if it was not started yet, and wait until it can work."""
        with self._lock:
            is_new = not self._process
            if is_new:
                self._start()
        if is_new:
            self._wait_until_ready()

    def run(
        self, work: Callable[..., Any], arguments: dict[str, Any], report: Report
    ) -> tuple[str, Any]:
        """Run one job and block until it ends; return `result` or `error`, and which.

        The process must have been started. Raises `ProcessDied`.
        """
        self._send((work, arguments))
        process, pipe = self._process, self._pipe
        assert process
        try:
            while True:
                kind, value = pipe.recv()
                if kind != "progress":
                    return kind, value
                pipe.send(self._may_go_on(report, value))
        except (EOFError, ConnectionError) as error:
            process.join()
            raise ProcessDied(f"its process ended with exit code {process.exitcode}") from error

    def _may_go_on(self, report: Report, progress: tuple[int, RanIn]) -> str | None:
        """Pass the progress on; return why the job has to stop, if it has to."""
        try:
            report(*progress)
        except JobStopped as reason:
            return str(reason)
        return None

    def kill(self) -> None:
        """End the process now; the next job gets a new one."""
        with self._lock:
            if self._process:
                self._process.kill()
                self._process.join()

    def _send(self, job: tuple[Callable[..., Any], dict[str, Any]]) -> None:
        """Hand over a job; a process that died since the last one is replaced, at no cost."""
        try:
            self._pipe.send(job)  # not `is_alive()`: two threads that join at once mislead it
        except ConnectionError:
            self._start()
            self._wait_until_ready()
            self._pipe.send(job)

    def _wait_until_ready(self) -> None:
        """Wait while it starts Python, without the lock: `kill` ends this."""
        with suppress(EOFError, ConnectionError):  # `run` says what became of it
            self._pipe.recv()

    def _start(self) -> None:
        self._pipe, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs,), daemon=True)
        process.start()
        theirs.close()  # else the end of the process would not be the end of the pipe
        self._process = process


class ProcessPool:
    """Hands each job to a free process; none is started before a job needs it."""

    def __init__(self, size: int) -> None:
        self._processes = [JobProcess() for _ in range(size)]
        self._free: asyncio.LifoQueue[JobProcess] = asyncio.LifoQueue()
        self._threads = ThreadPoolExecutor(max(size, 1), "process-pool")
        for process in self._processes:
            self._free.put_nowait(process)

    async def run(
        self,
        process: JobProcess,
        work: Callable[..., Any],
        arguments: dict[str, Any],
        report: Report,
    ) -> Any:
        """Wait for the result of a job in `process`; cancelling this kills the process."""
        loop = asyncio.get_running_loop()
        call = partial(process.run, work, arguments, report)
        kind, value = await loop.run_in_executor(self._threads, call)
        if kind == "error":
            raise value  # here, because no future of asyncio can carry a StopIteration
        return value

    @asynccontextmanager
    async def free_process(self) -> AsyncIterator[JobProcess]:
        """Wait for a process that has nothing to do; a cancel inside kills it."""
        process = await self._free.get()
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, process.start)
            yield process
        except asyncio.CancelledError:
            process.kill()
            raise
        finally:
            self._free.put_nowait(process)

    def close(self) -> None:
        """End every process, whatever it does."""
        for process in self._processes:
            process.kill()
        self._threads.shutdown()


def serve(pipe: Connection) -> None:
    """Run jobs from `pipe`, in a process of their own, until the app is gone."""
    threading.Thread(target=die_with_the_app, daemon=True).start()
    pipe.send("ready")
    while True:
        try:
            work, arguments = pipe.recv()
        except EOFError:
            return
        report = partial(send_progress, pipe)
        try:
            pipe.send(("result", work(report_progress=report, **arguments)))
        except Exception as error:  # the job boundary: the error belongs to the queue, in the app
            pipe.send(("error", portable(error)))


def portable(error: Exception) -> Exception:
    """Return an error that arrives: some cannot be pickled, others cannot be made anew from it."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        kind = WorkError if isinstance(error, WorkError) else RuntimeError
        return kind(f"{type(error).__name__}: {words_of(error)}")
    return error


def send_progress(pipe: Connection, percent: int) -> None:
    """Tell the app, and hear whether the task is still ours: the next step may be an effect."""
    pipe.send(("progress", (percent, here())))
    if reason := pipe.recv():
        raise JobStopped(reason)


def die_with_the_app() -> None:
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)
