"""A few processes for CPU-bound jobs: each can be killed alone, none outlives the app.

The standard `ProcessPoolExecutor` breaks as a whole when one of its processes dies, cannot end a
running job, and its processes stay behind when the app is killed with -9.
"""

import asyncio
import atexit
import multiprocessing
import os
import pickle
import signal
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
    """One process that runs one job at a time; once it was killed, it never starts again."""

    _process: SpawnProcess | None = None
    _pipe: Connection

    def __init__(self, longest_start_s: float = 60) -> None:
        self._longest_start_s = longest_start_s
        self._lock = threading.Lock()  # `kill` may come while `start` is under way
        self._is_killed = False

    def start(self) -> None:
        """Start the process if it was not started yet, and wait until it can work."""
        with self._lock:
            if self._process or self._is_killed:
                return
            self._pipe, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs,), daemon=True)
            process.start()
            theirs.close()  # else the end of the process would not be the end of the pipe
            self._process = process
        self._wait_until_ready()

    def has_ended(self) -> bool:
        """Tell, between two jobs, whether the process has died."""
        # The end of the pipe: `is_alive()` is wrong after two threads have joined at once.
        return bool(self._process and self._pipe.poll())

    def run(
        self, work: Callable[..., Any], arguments: dict[str, Any], report: Report
    ) -> tuple[str, Any]:
        """Run one job and block until it ends; return `result` or `error`, and which.

        The process must have been started. Raises `ProcessDied`.
        """
        if not (process := self._process):
            raise ProcessDied("its process was killed before it had begun")
        try:
            self._pipe.send((work, arguments))
            while True:
                kind, value = self._pipe.recv()
                if kind != "progress":
                    return kind, value
                self._pipe.send(self._may_go_on(report, value))
        except (EOFError, ConnectionError) as error:
            self.kill()
            raise ProcessDied(f"its process ended with exit code {process.exitcode}") from error

    def _may_go_on(self, report: Report, progress: tuple[int, RanIn]) -> str | None:
        """Pass the progress on; return why the job has to stop, if it has to."""
        try:
            report(*progress)
        except JobStopped as reason:
            return str(reason)
        return None

    def kill(self) -> None:
        """End the process now."""
        with self._lock:
            self._is_killed = True
            if self._process:
                self._process.kill()
                self._process.join()

    def _wait_until_ready(self) -> None:
        """Wait while it starts Python, without the lock: `kill` ends this."""
        if not self._pipe.poll(self._longest_start_s):
            self.kill()
            raise ProcessDied(f"its process could not begin within {self._longest_start_s:g} s")
        with suppress(EOFError, ConnectionError):  # `run` says what became of it
            self._pipe.recv()


class ProcessPool:
    """Hands each job to a free process; none is started before a job needs it."""

    def __init__(self, size: int) -> None:
        self._processes = {JobProcess() for _ in range(size)}
        self._free: asyncio.LifoQueue[JobProcess] = asyncio.LifoQueue()
        self._threads = ThreadPoolExecutor(max(size, 1), "process-pool")
        for process in self._processes:
            self._free.put_nowait(process)
        atexit.register(self.close)  # multiprocessing would send SIGTERM, and wait

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
        try:
            if process.has_ended():  # since its last job, so it costs none an attempt
                process = self._replace(process)
            await asyncio.get_running_loop().run_in_executor(self._threads, process.start)
            yield process
        except asyncio.CancelledError:
            process = self._replace(process)  # a thread may still be about to use the old one
            raise
        finally:
            self._free.put_nowait(process)

    def _replace(self, process: JobProcess) -> JobProcess:
        process.kill()
        self._processes.remove(process)
        new = JobProcess()
        self._processes.add(new)
        return new

    def close(self) -> None:
        """End every process, whatever it does."""
        atexit.unregister(self.close)
        for process in self._processes:
            process.kill()
        self._threads.shutdown()


def serve(pipe: Connection) -> None:
    """Run jobs from `pipe`, in a process of their own, until the app is gone."""
    # Ctrl-C in a terminal, and systemd at a stop, signal all processes of the app at once. The job
    # may end while the app drains, and the app knows how to end us.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
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
