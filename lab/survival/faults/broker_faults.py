"""The broker of 03 is down, frozen, or killed with a full queue."""

import os
import signal
import time

from lab.survival import broker
from lab.survival.trial import JOBS, Trial

from .fault import BROKER, REDELIVERED, WORKER, Fault

HALF = JOBS // 2
FULL_S = 5.0


def post_while_down(trial: Trial) -> None:
    before = trial.count_open()
    trial.hold_emails(HALF)
    trial.begin()
    trial.running.broker.kill9()
    trial.post_emails(HALF)
    trial.running.broker.restart()
    trial.mail.release()
    if not trial.column.is_default:  # there lost jobs stay open for ever
        trial.look_for_ghosts(before)


def post_while_frozen(trial: Trial) -> None:
    before = trial.count_open()
    trial.hold_emails(HALF)
    trial.begin()
    os.kill(trial.running.broker.pid, signal.SIGSTOP)
    try:
        trial.post_emails(HALF)
    finally:
        os.kill(trial.running.broker.pid, signal.SIGCONT)
    trial.mail.release()
    trial.look_for_ghosts(before)


def fill_redis(trial: Trial) -> None:
    """Let jobs end, and others be posted, while Redis refuses every write."""
    before = trial.count_open()
    trial.hold_emails(HALF)
    trial.supervised = True
    trial.begin()
    with broker.full(trial.running.broker.url):
        trial.mail.release()
        trial.post_emails(HALF)
        time.sleep(FULL_S)
    if not trial.column.is_default:
        trial.look_for_ghosts(before)


def kill_with_a_full_queue(trial: Trial) -> None:
    trial.hold_emails()
    trial.begin()
    trial.running.broker.kill9()
    trial.running.broker.restart()
    trial.mail.release()


def kill_without_a_file(trial: Trial) -> None:
    broker.stop_writing(trial.running.broker.url)
    trial.running.forget_append_only_file()
    kill_with_a_full_queue(trial)


def let_the_visibility_timeout_pass(trial: Trial) -> None:
    trial.hold_emails(1)

    def deliveries() -> int:
        every = [event["event"] for told in trial.events().values() for event in told]
        return every.count("started") + every.count("held_back")

    trial.begin()
    trial.wait_for("a second delivery of the job", lambda: deliveries() > 1)
    trial.mail.release()


FAULTS = [
    Fault(
        "broker_down", "broker down while 4 of 8 are posted", post_while_down, BROKER, REDELIVERED
    ),
    Fault(
        "kill9_broker",
        "`kill -9` of the broker with a full queue",
        kill_with_a_full_queue,
        BROKER,
        REDELIVERED,
    ),
    Fault(
        "kill9_broker_no_aof", "the same, without an append-only file", kill_without_a_file, BROKER
    ),
    Fault(
        "broker_frozen",
        "broker takes connections, answers none (SIGSTOP)",
        post_while_frozen,
        BROKER,
    ),
    Fault(
        "redis_full",
        f"Redis is full for {FULL_S:g} s (maxmemory, noeviction) while jobs end",
        fill_redis,
        BROKER,
        REDELIVERED,
    ),
    Fault(
        "visibility_too_short",
        "visibility timeout shorter than the job (1 job)",
        let_the_visibility_timeout_pass,
        WORKER,
        job_env={"VISIBILITY_TIMEOUT_S": "1"},
        not_by_default="it is an hour by default",
    ),
]
