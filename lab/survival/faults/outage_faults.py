"""API and worker are down for longer than anything of an ended job is kept."""

import os
import time
from pathlib import Path

from lab.survival import posting
from lab.survival.trial import JOBS, Trial

from .fault import Fault

RESULT_TTL_S, JOB_TIMEOUT_S = 1, 12
OUTAGE_S = 14  # longer than both together
DAY_S = 24 * 3600
SWEPT_S = 1.0  # an API looks for what is old when it starts


def outlast_every_lifetime(trial: Trial) -> None:
    """Stop the API and what runs the jobs while jobs wait, for longer than anything lives."""
    app, column = trial.running.app, trial.column
    emails = column.at_once(JOBS // 2)  # as many as are needed to keep the others waiting
    if column.has_worker:
        trial.running.worker.kill9(group=True)
        emails = JOBS // 2
    trial.mail.hold()
    trial.receiver.hold()
    trial.post(posting.emails(trial.url, emails))
    if not column.has_worker:
        trial.wait_for("e-mails under way", lambda: trial.mail.open_sessions() >= emails)
    rest = (JOBS - emails) // 2
    trial.post(posting.pictures(trial.url, rest) + posting.reports(trial.url, rest))
    trial.begin()
    app.kill9()
    time.sleep(OUTAGE_S)
    make_older(trial.running.data_dir / "uploads")
    trial.mail.release()
    trial.receiver.release()
    app.restart()
    if column.has_worker:
        time.sleep(SWEPT_S)
        trial.running.worker.restart()


def make_older(folder: Path) -> None:
    """Let the files look a day older: what removes old files must ask which task they belong to."""
    for path in folder.iterdir():
        then = path.stat().st_mtime - DAY_S
        os.utime(path, (then, then))


FAULTS = [
    Fault(
        "outage_longer_than_lifetimes",
        f"{JOBS} e-mails, reports and pictures wait for {OUTAGE_S} s, RESULT_TTL_S is"
        f" {RESULT_TTL_S} s; then all starts again",
        outlast_every_lifetime,
        job_env={"RESULT_TTL_S": str(RESULT_TTL_S), "JOB_TIMEOUT_S": str(JOB_TIMEOUT_S)},
        api_env={"RESULT_TTL_S": str(RESULT_TTL_S), "JOB_TIMEOUT_S": str(JOB_TIMEOUT_S)},
    )
]
