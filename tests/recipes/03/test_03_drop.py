"""Waiting jobs are dropped for good: neither a worker nor the record brings them back."""

import os
import subprocess
import sys

import redis

from lab.approaches import ROOT
from tests.recipes.celery_api import CeleryApi
from tests.support.waiting import wait_until


def drop(celery_api: CeleryApi, *words: str) -> str:
    """Run the command that drops jobs, and return what it prints."""
    env = {**os.environ, "REDIS_URL": celery_api.stack.redis_url}
    command = [sys.executable, "-m", "03_celery.drop", *words]
    env["DATA_DIR"] = str(celery_api.data_dir)
    return subprocess.run(
        command, env=env, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    ).stdout


def low(celery_api: CeleryApi) -> str:
    """Post a job to the queue `low` and return its id."""
    [job] = celery_api.read(celery_api.notify("dropped").json()["jobs_url"])
    return str(job["job_id"])


def test_dropped_jobs_stay_dropped(celery_api: CeleryApi) -> None:
    drop(celery_api, "--all")
    alone, in_low, kept = celery_api.post_email(), low(celery_api), celery_api.post_email()
    rest = [celery_api.post_email() for _ in range(2)]

    assert drop(celery_api, alone) == "dropped 1 jobs\n"
    assert drop(celery_api, "--queue", "low") == "dropped 1 jobs\n"
    assert celery_api.depth("low") == 0
    with celery_api.worker("usual"):
        celery_api.wait_until_done(kept, *rest)
        later = celery_api.post_email()
        celery_api.wait_until_done(later)

    for task_id in (alone, in_low):
        assert celery_api.task(task_id)["status"] == "cancelled"
        assert celery_api.log_of(task_id, "started", "resent") == []
    assert drop(celery_api, "--all") == "dropped 0 jobs\n"


def test_purged_jobs_are_sent_again_within_seconds(celery_api: CeleryApi) -> None:
    purged = [celery_api.post_email(), low(celery_api)]
    with redis.Redis.from_url(celery_api.stack.redis_url) as broker:
        broker.delete("default", "low")  # what `celery purge` does

    with celery_api.worker("usual"):
        wait_until(
            "both were sent again", lambda: all(map(celery_api.log_of, purged, ["resent"] * 2))
        )
        celery_api.wait_until_done(*purged)

    assert celery_api.task(purged[0])["status"] == "succeeded"
