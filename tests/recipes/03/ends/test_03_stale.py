"""A worker that stands still for longer than the visibility timeout has lost its job to another."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from lab.processes.part import Part
from tests.recipes.celery_api import CeleryApi
from tests.support.waiting import wait_until

PUSH = "/03/push"
SOON = {"VISIBILITY_TIMEOUT_S": "3", "CALL_TIMEOUT_S": "30"}


def wait_for_start(celery_api: CeleryApi, task_id: str, times: int) -> None:
    wait_until(
        f"{task_id} is started for the {times}. time",
        lambda: len(celery_api.log_of(task_id, "started")),
        lambda count: count >= times,
    )


@contextmanager
def standing_still(worker: Part) -> Iterator[None]:
    """Stop the worker and its children, as when their machine is put to sleep."""
    worker.send(signal.SIGSTOP, group=True)
    try:
        yield
    finally:
        worker.send(signal.SIGCONT, group=True)


def test_email_of_a_worker_that_stood_still_is_sent_once(celery_api: CeleryApi) -> None:
    to = "asleep@example.com"
    with celery_api.inbox.holding(), celery_api.worker("asleep", env=SOON) as asleep:
        task_id = celery_api.post_email(to)
        wait_for_start(celery_api, task_id, 1)
        with standing_still(asleep), celery_api.worker("awake", env=SOON):
            wait_for_start(celery_api, task_id, 2)
            celery_api.inbox.release()
            celery_api.wait_for(task_id, "succeeded")
        celery_api.wait_until_done(celery_api.post_email())

    assert len(celery_api.inbox.sent_to(to)) == 1
    assert len(celery_api.log_of(task_id, "finished", "failed", "retried")) == 1


def test_retry_of_a_worker_that_stood_still_disturbs_no_other_run(celery_api: CeleryApi) -> None:
    impatient = SOON | {"CALL_TIMEOUT_S": "1"}
    with (
        celery_api.services.holding(PUSH),
        celery_api.worker("asleep", env=impatient) as asleep,
    ):
        [job] = celery_api.read(celery_api.notify("asleep").json()["jobs_url"])
        task_id = str(job["job_id"])
        wait_for_start(celery_api, task_id, 1)
        with celery_api.worker("awake", env=SOON):
            with standing_still(asleep):
                wait_for_start(celery_api, task_id, 2)
            # Now the call of the first run has taken too long, and it would be made again.
            wait_until("the first run ends", lambda: re.search("ignored|retry:", asleep.log_text()))
            celery_api.wait_until_done(celery_api.post_email())
            celery_api.services.release()
            celery_api.wait_until_done(task_id)

    assert len(celery_api.log_of(task_id, "started")) == 2
    assert celery_api.log_of(task_id, "retried") == []
