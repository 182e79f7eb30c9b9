"""The API is killed, stopped or refused its disk."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil

from lab.errors import LabError
from lab.processes.part import Part
from lab.survival.running_column import DRAIN_S
from lab.survival.trial import JOBS, Trial

from .fault import Fault

GRACE_S = 1.5  # how much longer than its limits a stop may take


def kill9_api(trial: Trial) -> None:
    trial.hold_emails()
    trial.begin()
    trial.running.app.kill9()
    trial.mail.release()
    trial.running.app.restart()


@contextmanager
def stopping(trial: Trial, part: Part) -> Iterator[Part]:
    """Post e-mails; after the block, in which the process is stopped, let them go on.

    The end of the process is awaited, its time is noted, and the process is started again.
    """
    trial.hold_emails()
    trial.begin()
    yield part
    trial.mail.release()
    part.wait_exit()
    trial.stop_s = trial.seconds_since_begin()
    part.restart()


def stop_with_short_jobs(number: signal.Signals) -> Callable[[Trial], None]:
    """Return a stop in which each job can end before the limit of the drain is over."""

    def act(trial: Trial) -> None:
        with stopping(trial, trial.running.app) as app:
            app.send(number)

    return act


def stop_with_long_jobs(number: signal.Signals) -> Callable[[Trial], None]:
    """Return a stop in which no job ends before the limit of the drain is over."""

    def act(trial: Trial) -> None:
        with stopping(trial, trial.running.app) as app:
            app.send(number)
            with suppress(LabError):  # raised where the API waits for its jobs without a limit
                app.wait_exit(DRAIN_S + GRACE_S)

    return act


def interrupt_twice(trial: Trial) -> None:
    """Press Ctrl-C again before the API has ended, so that uvicorn waits for nothing."""
    with stopping(trial, trial.running.app) as app:
        app.interrupt()
        trial.wait_for("the first signal to be seen", lambda: "Shutting down" in app.log_text())
        app.interrupt()
        with suppress(LabError):
            app.wait_exit(DRAIN_S + GRACE_S)


def fill_the_disk(trial: Trial) -> None:
    trial.begin()
    with no_room_for(trial.running.app.pid):
        trial.post_reports()
    trial.post_emails()


@contextmanager
def no_room_for(pid: int) -> Iterator[None]:
    """Let every write of the process to a file fail, as on a full disk (with EFBIG, not ENOSPC)."""
    process = psutil.Process(pid)
    if not hasattr(process, "rlimit"):
        raise LabError("the limit of another process's files can be set on Linux only")
    before = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        process.rlimit(psutil.RLIMIT_FSIZE, before)


def ask_the_other_api(trial: Trial) -> None:
    trial.begin()
    second = trial.running.start_second_app()
    trial.post_emails(JOBS)
    trial.unknown = sum(not trial.read(task_id, second.url) for task_id in trial.accepted)
    trial.running.stack.stop(second.name)


FAULTS = [
    Fault("kill9_api", "`kill -9` of the API", kill9_api),
    Fault(
        "sigterm_api", "SIGTERM of the API, jobs end in time", stop_with_short_jobs(signal.SIGTERM)
    ),
    Fault(
        "sigterm_api_long",
        "SIGTERM of the API, jobs outlast DRAIN_S",
        stop_with_long_jobs(signal.SIGTERM),
    ),
    Fault(
        "sigint_api",
        "SIGINT of the API (Ctrl-C), jobs outlast DRAIN_S",
        stop_with_long_jobs(signal.SIGINT),
    ),
    Fault(
        "sigterm_api_grace",
        "SIGTERM, uvicorn with `--timeout-graceful-shutdown 1`",
        stop_with_long_jobs(signal.SIGTERM),
        uvicorn_args=("--timeout-graceful-shutdown", "1"),
    ),
    Fault(
        "sigint_twice_api",
        "SIGINT of the API twice (Ctrl-C, Ctrl-C), jobs outlast DRAIN_S",
        interrupt_twice,
    ),
    Fault(
        "sighup_api",
        "SIGHUP of the API (its terminal is closed)",
        stop_with_short_jobs(signal.SIGHUP),
    ),
    Fault(
        "sigterm_two_processes",
        "SIGTERM of uvicorn with `--workers 2`, jobs end in time",
        stop_with_short_jobs(signal.SIGTERM),
        uvicorn_args=("--workers", "2"),
    ),
    Fault("two_apis", "two API processes, status asked of the other one", ask_the_other_api),
    Fault("disk_full", "the API's disk is full while reports are posted", fill_the_disk),
]
