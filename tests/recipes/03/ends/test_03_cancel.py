"""A cancelled job ends once, with all that waits behind it, whoever finds it cancelled."""

import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis

from lab.approaches import ROOT
from tests.recipes.celery_api import CeleryApi
from tests.support.client import accepted_id
from tests.support.png import flat_png
from tests.support.waiting import wait_until

Job = dict[str, Any]  # Any: JSON
PUSH = "/03/push"


@pytest.fixture
def broker(celery_api: CeleryApi) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(celery_api.stack.redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture(scope="module")
def image_id(celery_api: CeleryApi) -> str:
    with celery_api.worker("usual"):
        answer = celery_api.api.post_image(flat_png(64, 48), ["grayscale"], 48)
        return celery_api.wait_for(accepted_id(answer), "succeeded").task_id


def post_chain(celery_api: CeleryApi, image_id: str) -> tuple[httpx.Response, list[Job]]:
    """Post three jobs, each of which needs the one before; return the answer and the jobs."""
    body = {"operations": ["thumbnail"], "width": 32}
    answer = celery_api.http.post(f"/images/{image_id}/process", json=body)
    return answer, celery_api.read(answer.json()["jobs_url"])


def change(broker: "redis.Redis", *arguments: str | float) -> None:
    """Do one step of a job's record, and nothing of what its process does next: it is dead."""
    broker.register_script((ROOT / "03_celery" / "records.lua").read_text())(args=list(arguments))


def assert_ended_once(celery_api: CeleryApi, answer: httpx.Response, *statuses: str) -> None:
    jobs = celery_api.jobs(answer)
    assert [job["status"] for job in jobs] == list(statuses)
    ends = [celery_api.log_of(job["job_id"], "finished", "failed", "cancelled") for job in jobs]
    assert [len(events) for events in ends] == [1] * len(jobs)


def test_step_that_is_cancelled_before_its_turn_ends_the_steps_behind_it(
    celery_api: CeleryApi, image_id: str
) -> None:
    answer, (_, second, _) = post_chain(celery_api, image_id)

    cancelled = celery_api.http.delete(f"/tasks/{second['job_id']}")

    assert (cancelled.status_code, cancelled.json()["status"]) == (202, "cancelled")
    with celery_api.worker("usual"):
        assert_ended_once(celery_api, answer, "succeeded", "cancelled", "cancelled")


def test_chain_ends_though_the_api_died_while_it_cancelled_its_first_step(
    celery_api: CeleryApi, image_id: str, broker: "redis.Redis"
) -> None:
    answer, (first, _, _) = post_chain(celery_api, image_id)

    change(broker, "cancel", first["job_id"], 0)

    with celery_api.worker("usual"):
        jobs = celery_api.jobs(answer)
    assert [job["status"] for job in jobs] == ["cancelled"] * 3


def test_chain_ends_though_the_worker_of_its_first_step_died_before_it_heard_of_the_cancel(
    celery_api: CeleryApi, image_id: str, broker: "redis.Redis"
) -> None:
    answer, (first, _, _) = post_chain(celery_api, image_id)
    change(broker, "begin", first["job_id"], "a run", 0)

    asked = celery_api.http.delete(f"/tasks/{first['job_id']}")
    broker.zadd("tasks:running", {first["job_id"]: 1})  # not heard of for long

    assert (asked.status_code, asked.json()["status"]) == (202, "running")
    with celery_api.worker("usual"):
        assert_ended_once(celery_api, answer, "cancelled", "cancelled", "cancelled")
    assert celery_api.log_of(first["job_id"], "started") == []


def test_job_that_would_be_tried_again_is_cancelled_instead(celery_api: CeleryApi) -> None:
    celery_api.services.fail(PUSH, 503, times=1)
    with celery_api.worker("deaf") as worker:
        with celery_api.services.holding(PUSH):
            [job] = celery_api.read(celery_api.notify("deaf").json()["jobs_url"])
            task_id = job["job_id"]
            wait_until("it runs", lambda: celery_api.log_of(task_id, "started"))
            worker.send(signal.SIGSTOP)  # the main process; the job runs in another
            asked = celery_api.http.delete(f"/tasks/{task_id}")
        celery_api.wait_for(task_id, "cancelled")
        worker.send(signal.SIGCONT)
        celery_api.wait_until_done(celery_api.post_email())

    assert (asked.status_code, asked.json()["status"]) == (202, "running")
    assert len(celery_api.log_of(task_id, "cancelled")) == 1
    assert celery_api.log_of(task_id, "retried") == []
    assert len(celery_api.log_of(task_id, "started")) == 1


def test_cancel_of_a_running_job_is_noted_once(celery_api: CeleryApi) -> None:
    with celery_api.worker("usual"):
        for _ in range(5):
            with celery_api.inbox.holding():
                task_id = celery_api.post_email()
                celery_api.wait_for(task_id, "running")
                celery_api.http.delete(f"/tasks/{task_id}").raise_for_status()
                celery_api.wait_for(task_id, "cancelled")
            celery_api.wait_until_done(celery_api.post_email())

            assert len(celery_api.log_of(task_id, "cancelled")) == 1
