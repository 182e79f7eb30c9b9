"""What a reader can do in free play, by button: faults, and switches of the mail server."""

import signal
from collections.abc import Callable
from functools import partial

from lab.live.trial import WatchedTrial
from lab.survival.columns import Column
from lab.survival.faults.fault import BROKER, REASONS, WORKER

from .acts import post_wish, revive, thaw

Play = Callable[[WatchedTrial], None]


def start_again(trial: WatchedTrial) -> None:
    """Start again what has ended, and let a frozen broker go on."""
    thaw(trial)
    revive(trial)


def set_restarts(trial: WatchedTrial, *, restarts: bool) -> None:
    """Choose whether what ends is started again at once, as by a supervisor."""
    trial.restarts = restarts


def end_play(trial: WatchedTrial) -> None:
    """Post and break nothing more, and count the jobs."""
    trial.counts = True


def post(kind: str, count: int) -> Play:
    """Return a function that posts a number of jobs of a kind."""
    return partial(post_wish, kind=kind, count=count)


FAULTS: dict[str, Play] = {
    "kill9_api": lambda trial: trial.running.app.kill9(),
    "term_api": lambda trial: trial.running.app.term(),
    "kill9_worker": lambda trial: trial.running.worker.kill9(group=True),
    "term_worker": lambda trial: trial.running.worker.term(),
    "kill9_broker": lambda trial: trial.running.broker.kill9(),
    "freeze_broker": lambda trial: trial.running.broker.send(signal.SIGSTOP),
    "thaw_broker": lambda trial: trial.running.broker.send(signal.SIGCONT),
    "kill9_mail_server": lambda trial: trial.running.mailbox.kill9(),
    "hold_mail": lambda trial: trial.mail.hold(),
    "slow_mail": lambda trial: trial.mail.switch(delay_s=5),
    "refuse_mail": lambda trial: trial.mail.switch(fail_next=3),
    "refuse_mail_for_ever": lambda trial: trial.mail.switch(fail_share=1, fail_code=550),
    "release_mail": lambda trial: trial.mail.release(),
    "start_again": start_again,
    "leave_what_ends": partial(set_restarts, restarts=False),
    "restart_what_ends": partial(set_restarts, restarts=True),
}


def find_missing(column: Column, fault: str) -> str:
    """Return why a lane cannot have this fault, or nothing."""
    if column.has_worker:
        return ""
    if "worker" in fault:
        return REASONS[WORKER]
    return REASONS[BROKER] if "broker" in fault else ""
