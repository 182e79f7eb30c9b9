"""Celery's worker is killed or stopped."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress

from lab.errors import LabError
from lab.survival import broker
from lab.survival.trial import JOBS, Trial

from .api_faults import stopping
from .fault import REDELIVERED, WORKER, Fault

STOP_S = 1.0  # what a container is given here before it is killed


def kill9_worker(trial: Trial) -> None:
    trial.hold_emails()
    trial.begin()
    trial.running.worker.kill9(group=True)
    trial.mail.release()
    trial.running.worker.restart()


def kill9_reached_worker(trial: Trial) -> None:
    """Kill an idle worker after the broker has handed it a message, before it has read that."""
    worker, url = trial.running.worker, trial.running.broker.url
    trial.post_emails(JOBS - 1)
    trial.wait_for("all but one", lambda: trial.count_with({"finished"}) == JOBS - 1)
    before = broker.count_pops(url)
    trial.wait_for("a worker that asks again", lambda: broker.count_pops(url) > before)
    worker.send(signal.SIGSTOP)
    trial.post_emails(1)
    trial.begin()
    worker.kill9(group=True)
    worker.restart()


def kill9_child(trial: Trial) -> None:
    trial.hold_emails()
    started = [event for told in trial.events().values() for event in told if "attempt" in event]
    trial.begin()
    os.kill(started[0]["pid"], signal.SIGKILL)
    trial.mail.release()


def stop_worker(number: signal.Signals) -> Callable[[Trial], None]:
    """Return a stop in which the running jobs could end, if the worker waits for them."""

    def act(trial: Trial) -> None:
        with stopping(trial, trial.running.worker) as worker:
            worker.send(number)
            trial.wait_for("a worker that ends", lambda: "shutdown" in worker.log_text().lower())

    return act


def close_terminal(trial: Trial) -> None:
    """Send SIGHUP; some workers take it as a request to restart."""
    worker = trial.running.worker
    trial.hold_emails()
    trial.begin()
    worker.send(signal.SIGHUP)
    trial.supervised = True
    with suppress(LabError):
        worker.wait_exit(STOP_S)
    trial.mail.release()


def stop_container(trial: Trial) -> None:
    with stopping(trial, trial.running.worker) as worker:
        worker.term()
        try:
            worker.wait_exit(STOP_S)
        except LabError:
            worker.kill9(group=True)


FAULTS = [
    Fault(
        "kill9_worker",
        "`kill -9` of the worker and its children",
        kill9_worker,
        WORKER,
        REDELIVERED,
    ),
    Fault(
        "stop_container",
        "TERM, and KILL 1 s later (a container)",
        stop_container,
        WORKER,
        REDELIVERED,
    ),
    Fault(
        "kill9_reached_worker",
        "`kill -9` of an idle worker that a message has just reached",
        kill9_reached_worker,
        WORKER,
        REDELIVERED,
    ),
    Fault(
        "sighup_worker",
        "SIGHUP of the worker (its terminal is closed)",
        close_terminal,
        WORKER,
        REDELIVERED,
    ),
    Fault("kill9_child", "`kill -9` of one child of the worker", kill9_child, WORKER),
    Fault("sigterm_worker", "SIGTERM of the worker (warm)", stop_worker(signal.SIGTERM), WORKER),
    Fault(
        "sigquit_worker",
        "SIGQUIT of the worker (cold)",
        stop_worker(signal.SIGQUIT),
        WORKER,
        job_env={"DRAIN_S": "0"},
    ),
    Fault(
        "soft_stop_worker",
        "SIGQUIT of the worker (soft: jobs have DRAIN_S)",
        stop_worker(signal.SIGQUIT),
        WORKER,
        not_by_default="the soft shutdown is off by default: see SIGQUIT (cold)",
    ),
]
