"""A job fails or hangs, a service that it needs does, or there are too many jobs."""

import os
import signal
import time
from threading import Thread

from lab.open_jobs import ENDS
from lab.survival.trial import JOBS, OPEN, Trial

from . import clock
from .fault import Fault
from .memory import Memory

IMPATIENT = {"JOB_TIMEOUT_S": "3", "MAX_ATTEMPTS": "2"}
TOO_MUCH, EMAIL_S, TICK_S = 10, 1.0, 0.25
BLOCKING = 60
BLOCKED_S = 1.0
HOUR_S = 3600
NOTICED_S = 2.5  # the worker of 03 looks for messages to give back once a second


def send_without_a_mail_server(trial: Trial) -> None:
    trial.running.mailbox.kill9()
    trial.begin()
    trial.forget_mail()
    trial.post_emails()
    trial.wait_for(
        "a failure of each e-mail", lambda: trial.count_with({"failed", "retried"}) == JOBS
    )
    trial.running.mailbox.restart()


def send_slowly(trial: Trial) -> None:
    trial.mail.switch(delay_s=1)
    trial.begin()
    trial.post_emails()


def refuse_some(trial: Trial) -> None:
    trial.mail.switch(fail_next=3)
    trial.begin()
    trial.post_emails()


def hang_at_the_webhook(trial: Trial) -> None:
    trial.receiver.hold()
    trial.begin()
    trial.post_pictures()
    hit = trial.column.pictures_at_once(JOBS)
    trial.wait_for("a failure", lambda: trial.count_with({"failed", "retried"}) >= hit)
    trial.receiver.release()


def raise_an_error(trial: Trial) -> None:
    trial.begin()
    trial.post_reports(1, bad=True)
    trial.post_emails(JOBS - 1)


def never_end(trial: Trial) -> None:
    trial.mail.switch(delay_s=300, delay_only="reader1@")
    trial.begin()
    trial.post_emails()
    trial.wait_for("an end of each e-mail", lambda: trial.count_with(ENDS) == JOBS)
    trial.mail.release()


def kill_its_process(trial: Trial) -> None:
    """Kill the process of a picture each time it runs, as the out-of-memory killer does."""
    app = trial.running.app
    trial.receiver.hold()
    [poison] = trial.post_pictures(1)
    trial.mail.hold()
    trial.post_emails(JOBS - 1)
    trial.begin()
    killed: set[int] = set()
    while pid := find_process(trial, poison, killed):
        os.kill(pid, signal.SIGKILL)
        killed.add(pid)
        if pid == app.pid:
            app.wait_exit()
        trial.mail.release()
        if not app.alive:
            app.restart()
    trial.receiver.release()


def find_process(trial: Trial, task_id: str, killed: set[int]) -> int | None:
    """Wait until the task runs in a process that lives; None once it has ended or is unknown."""
    pid = None

    def runs_or_has_ended() -> bool:
        nonlocal pid
        status = trial.read(task_id)
        pid = (status.get("ran_in") or {}).get("pid") if status.get("status") in OPEN else None
        return status.get("status") not in OPEN or pid not in {None, *killed}

    trial.wait_for("a start or an end of the picture", runs_or_has_ended)
    return pid


def flood(trial: Trial) -> None:
    """Ask for ten times as many e-mails as the approach can send, second after second."""
    trial.mail.switch(delay_s=EMAIL_S)
    a_tick = round(TOO_MUCH * trial.column.at_once(JOBS) / EMAIL_S * TICK_S)
    memory = Memory(trial.running.processes)
    trial.begin()
    while (passed_s := trial.seconds_since_begin()) < trial.overload_s:
        trial.post_emails(a_tick)
        memory.look()
        time.sleep(max(0.0, passed_s + TICK_S - trial.seconds_since_begin()))
    trial.grew_mb = memory.grew_mb
    trial.mail.release()


def block_the_threads(trial: Trial) -> None:
    asked = trial.receiver.asked.total()
    trial.receiver.hold()
    trial.begin()
    # In a thread, because uploads that need a thread of the pool are not answered until `release`.
    posting = Thread(target=trial.post_pictures, args=[BLOCKING])
    posting.start()
    blocked = trial.column.pictures_at_once(BLOCKING)
    trial.wait_for("blocked threads", lambda: trial.receiver.asked.total() >= blocked + asked)
    time.sleep(BLOCKED_S)
    trial.receiver.release()
    posting.join()


def set_the_clock_forward(trial: Trial) -> None:
    clock.set_forward(trial.running.stack.data_dir, 0)
    trial.hold_emails()
    trial.begin()
    clock.set_forward(trial.running.stack.data_dir, HOUR_S)
    time.sleep(NOTICED_S)
    trial.mail.release()


FAULTS = [
    Fault("mail_down", "mail server down", send_without_a_mail_server),
    Fault("mail_slow", "mail server takes 1 s for each e-mail", send_slowly),
    Fault("mail_fails", "mail server refuses 3 of 8 for now (451)", refuse_some),
    Fault(
        "webhook_hangs", "webhook receiver takes the request, never answers", hang_at_the_webhook
    ),
    Fault("job_raises", "1 of 8 jobs raises", raise_an_error),
    Fault("job_never_ends", "1 of 8 jobs does not end", never_end, job_env=IMPATIENT),
    Fault(
        "job_kills_process",
        "1 of 8 jobs kills its process, each time",
        kill_its_process,
        job_env={"MAX_ATTEMPTS": "2"},
    ),
    Fault(
        "overload",
        f"{TOO_MUCH} times as many jobs as can be done, room for 8 where there is a limit",
        flood,
        api_env={"MAX_RUNNING": "8", "QUEUE_SIZE": "4"},
    ),
    Fault(
        "clock_jump",
        "the clock of the process that runs jobs is set forward by an hour",
        set_the_clock_forward,
        job_env=clock.make_env(),
        lacks=clock.tell_what_is_missing,
    ),
    Fault(
        "threads",
        f"{BLOCKING} blocking jobs at once",
        block_the_threads,
        job_env={"CALL_TIMEOUT_S": "30"},
    ),
]
