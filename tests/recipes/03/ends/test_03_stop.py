"""How a worker ends: by SIGTERM, by SIGQUIT, and by jobs that kill it."""

import signal

import psutil
import pytest

from tests.recipes.celery_api import CeleryApi
from tests.support.waiting import wait_until

PUSH = "/03/push"


def notify(celery_api: CeleryApi, user_id: str) -> str:
    """Post a notification and return the id of its job."""
    [job] = celery_api.read(celery_api.notify(user_id).json()["jobs_url"])
    return str(job["job_id"])


def wait_for_start(celery_api: CeleryApi, task_id: str, attempt: int = 1) -> int:
    """Wait until a job is started for this time; return the id of its process."""
    starts = wait_until(
        f"{task_id} is started for the {attempt}. time",
        lambda: celery_api.log_of(task_id, "started"),
        lambda starts: len(starts) >= attempt,
    )
    return int(starts[-1]["pid"])


def test_warm_shutdown_waits_for_the_running_job_and_leaves_the_others(
    celery_api: CeleryApi,
) -> None:
    with celery_api.worker("warm") as worker:
        with celery_api.services.holding(PUSH):
            running, waiting = notify(celery_api, "running"), notify(celery_api, "waiting")
            wait_for_start(celery_api, running)
            worker.term()
            wait_until("it shuts down", worker.log_text, lambda log: "Warm shutdown" in log)
            assert worker.alive
        assert worker.wait_exit() == 0

    assert len(celery_api.log_of(running, "finished")) == 1
    assert celery_api.take_from("low") == [waiting]


@pytest.mark.parametrize(
    ("number", "env"),
    [
        (signal.SIGQUIT, {"DRAIN_S": "0"}),
        (signal.SIGQUIT, {"DRAIN_S": "1"}),
        (signal.SIGTERM, {"DRAIN_S": "0", "REMAP_SIGTERM": "SIGQUIT"}),
    ],
    ids=["cold", "soft", "SIGTERM as SIGQUIT"],
)
def test_job_that_does_not_end_in_time_goes_back_at_once(
    celery_api: CeleryApi, number: signal.Signals, env: dict[str, str]
) -> None:
    with celery_api.services.holding(PUSH), celery_api.worker("cold", env=env) as worker:
        task_id = notify(celery_api, "returned")
        wait_for_start(celery_api, task_id)

        worker.send(number)
        worker.wait_exit()

    assert celery_api.take_from("low") == [task_id]
    assert celery_api.log_of(task_id, "finished", "failed") == []


def test_soft_shutdown_lets_a_job_end_that_is_quick_enough(celery_api: CeleryApi) -> None:
    with celery_api.worker("soft", env={"DRAIN_S": "2"}) as worker:
        with celery_api.services.holding(PUSH):
            running, waiting = notify(celery_api, "running"), notify(celery_api, "waiting")
            wait_for_start(celery_api, running)
            worker.send(signal.SIGQUIT)
            wait_until("it shuts down", worker.log_text, lambda log: "Soft Shutdown" in log)
            assert worker.alive
        worker.wait_exit()

    assert len(celery_api.log_of(running, "finished")) == 1
    assert celery_api.take_from("low") == [waiting]


def test_job_that_kills_its_process_is_given_up(celery_api: CeleryApi) -> None:
    with (
        celery_api.inbox.holding(),
        celery_api.worker("poisoned", env={"MAX_ATTEMPTS": "2"}) as worker,
    ):
        task_id = celery_api.post_email()
        for attempt in (1, 2):
            psutil.Process(wait_for_start(celery_api, task_id, attempt)).kill()

        task = celery_api.wait_for(task_id, "failed")
        assert worker.alive

    assert task.attempts == 2
    assert "SIGKILL" in str(task.error)


def test_jobs_that_kill_the_whole_worker_are_given_up(celery_api: CeleryApi) -> None:
    env = {"MAX_ATTEMPTS": "2", "VISIBILITY_TIMEOUT_S": "1"}
    with celery_api.inbox.holding(), celery_api.services.holding(PUSH):
        email, push = celery_api.post_email(), notify(celery_api, "poison")
        for attempt in (1, 2):
            # Killed with its children, like a machine that loses its power.
            with celery_api.worker(f"poisoned-{attempt}", concurrency=2, env=env):
                for task_id in (email, push):
                    wait_for_start(celery_api, task_id, attempt)

        with celery_api.worker("healthy", env=env):
            celery_api.wait_until_done(email, push)

    for task_id in (email, push):
        # Twice and a little more: a timeout this short also brings back a job that runs.
        assert len(celery_api.log_of(task_id, "started")) <= 6
        assert celery_api.log_of(task_id, "finished") == []
        reason = celery_api.log_of(task_id, "failed")[0]["error"]
        assert reason.startswith("given up: the job was started ")
    assert celery_api.api.read_task(email).status == "failed"
    assert "given up: the job was started" in str(celery_api.api.read_task(email).error)
