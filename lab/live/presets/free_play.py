"""What a reader can do in free play, by button: faults, and switches of the mail server."""

import signal
from collections.abc import Callable

from lab.live.trial import WatchedTrial
from lab.survival.columns import Column
from lab.survival.faults.fault import BROKER, REASONS, WORKER

from .acts import post_wish, revive, thaw

Play = Callable[[WatchedTrial], None]


def kill9_api(trial: WatchedTrial) -> None:
    trial.running.app.kill9()


def term_api(trial: WatchedTrial) -> None:
    trial.running.app.term()


def kill9_worker(trial: WatchedTrial) -> None:
    trial.running.worker.kill9(group=True)


def term_worker(trial: WatchedTrial) -> None:
    trial.running.worker.term()


def kill9_broker(trial: WatchedTrial) -> None:
    trial.running.broker.kill9()


def freeze_broker(trial: WatchedTrial) -> None:
    trial.running.broker.send(signal.SIGSTOP)


def thaw_broker(trial: WatchedTrial) -> None:
    trial.running.broker.send(signal.SIGCONT)


def kill9_mail_server(trial: WatchedTrial) -> None:
    trial.running.mailbox.kill9()


def hold_mail(trial: WatchedTrial) -> None:
    trial.mail.hold()


def slow_mail(trial: WatchedTrial) -> None:
    trial.mail.switch(delay_s=5)


def refuse_mail(trial: WatchedTrial) -> None:
    trial.mail.switch(fail_next=3)


def refuse_mail_for_ever(trial: WatchedTrial) -> None:
    trial.mail.switch(fail_share=1, fail_code=550)


def release_mail(trial: WatchedTrial) -> None:
    trial.mail.release()


def start_again(trial: WatchedTrial) -> None:
    thaw(trial)
    revive(trial)


def leave_what_ends(trial: WatchedTrial) -> None:
    trial.restarts = False


def restart_what_ends(trial: WatchedTrial) -> None:
    trial.restarts = True


def end_play(trial: WatchedTrial) -> None:
    trial.counts = True


def post(kind: str, count: int) -> Play:
    """Return what posts so many jobs of a kind."""

    def act(trial: WatchedTrial) -> None:
        post_wish(trial, kind, count)

    return act


FAULTS: dict[str, Play] = {
    act.__name__: act
    for act in (
        kill9_api,
        term_api,
        kill9_worker,
        term_worker,
        kill9_broker,
        freeze_broker,
        thaw_broker,
        kill9_mail_server,
        hold_mail,
        slow_mail,
        refuse_mail,
        refuse_mail_for_ever,
        release_mail,
        start_again,
        leave_what_ends,
        restart_what_ends,
    )
}


def find_missing(column: Column, fault: str) -> str:
    """Return why a lane cannot have this fault, or nothing."""
    if column.has_worker:
        return ""
    if "worker" in fault:
        return REASONS[WORKER]
    return REASONS[BROKER] if "broker" in fault else ""
