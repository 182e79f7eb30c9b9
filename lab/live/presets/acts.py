"""What the live page does beyond the faults of `lab/survival`."""

import signal
from contextlib import suppress
from queue import Empty
from threading import Thread
from typing import cast

import httpx
import psutil

from lab.errors import LabError
from lab.live.trial import WatchedTrial
from lab.load.samples import make_orders
from lab.survival import posting
from lab.survival.faults.fault import BROKER, REDELIVERED, Fault
from lab.survival.trial import JOBS, Trial

BLOCKED_S = 1.0
AWAY_S = 22.0  # longer than Celery's own patience with a broker that is down
ROWS_A_SECOND = 4000  # of a report, roughly


def just_work(trial: Trial) -> None:
    """Post jobs of the chosen kind, each of which takes about as long as was chosen."""
    trial = cast(WatchedTrial, trial)
    trial.begin()
    set_length(trial)
    post_wish(trial, trial.wish.kind, JOBS)


def set_length(trial: WatchedTrial) -> None:
    """Let mail server and webhook take the chosen time."""
    trial.mail.switch(delay_s=trial.wish.length_s)
    trial.receiver.delay_s = trial.wish.length_s


def post_wish(trial: WatchedTrial, kind: str, count: int) -> None:
    """Post a number of jobs of a kind."""
    if kind == "email":
        trial.post_emails(count)
    elif kind == "image":
        trial.post_pictures(count)
    else:
        orders = make_orders(max(20, round(ROWS_A_SECOND * trial.wish.length_s)))
        trial.post([posting.report(trial.url, orders.csv)] * trial.wish.scale(count))


def block(trial: Trial) -> None:
    """Let each picture wait a second for its webhook, without `await`."""
    trial.begin()
    trial.receiver.delay_s = BLOCKED_S
    trial.post_pictures()


def take_the_broker_away(trial: Trial) -> None:
    """Post half, kill the broker, post the other half; the broker is back when all is answered."""
    is_ours = not trial.column.folder
    before = trial.count_open() if is_ours else 0
    trial.hold_emails(JOBS // 2)
    trial.begin()
    trial.running.broker.kill9()
    posting_thread = Thread(target=trial.post_emails, args=[JOBS // 2])
    posting_thread.start()
    posting_thread.join(AWAY_S)
    trial.running.broker.restart()
    posting_thread.join()
    trial.mail.release()
    if is_ours:
        trial.look_for_ghosts(before)


def deliver_twice(trial: Trial) -> None:
    """Kill what runs pictures after their work, while they wait for the webhook."""
    trial.receiver.hold()
    posted = trial.post_pictures()
    under_way = trial.column.pictures_at_once(len(posted))
    trial.wait_for(
        "pictures under way",
        lambda: sum(trial.receiver.asked[each] for each in posted) >= under_way,
    )
    trial.begin()
    runner = trial.running.worker if trial.column.has_worker else trial.running.app
    runner.kill9(group=True)
    trial.receiver.release()
    runner.restart()


def play(trial: Trial) -> None:
    """Do what the reader asks for, until the jobs are to be counted."""
    trial = cast(WatchedTrial, trial)
    trial.begin()
    set_length(trial)
    try:
        while not trial.counts:
            with suppress(Empty):
                do = trial.wanted.get(timeout=0.1)
                try:
                    do(trial)
                except (LabError, httpx.HTTPError) as error:
                    trial.emit("trouble", None, sentence=str(error))
            trial.check()
            if trial.restarts:
                revive(trial)
    finally:  # also after a reset: the next run has the same mail server and broker
        thaw(trial)
        trial.running.revive_services()
    revive(trial)
    trial.mail.release()
    trial.receiver.release()


def thaw(trial: WatchedTrial) -> None:
    """Let a broker go on that was frozen."""
    for part in trial.running.brokers:
        if part.alive and psutil.Process(part.pid).status() == psutil.STATUS_STOPPED:
            part.send(signal.SIGCONT)


def revive(trial: WatchedTrial) -> None:
    """Start again what has ended."""
    trial.running.revive_services()
    trial.running.revive()


ACTS = {
    fault.name: fault
    for fault in [
        Fault("work", "nothing is broken", just_work),
        Fault("blocks", "each picture waits for a second", block),
        Fault(
            "broker_away",
            "broker down while half is posted",
            take_the_broker_away,
            BROKER,
            REDELIVERED,
        ),
        Fault("delivered_twice", "killed after the work", deliver_twice, job_env=REDELIVERED),
        Fault("play", "what the reader likes", play, job_env=REDELIVERED),
    ]
}
