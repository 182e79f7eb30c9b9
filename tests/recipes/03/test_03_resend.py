"""A job whose message the broker has lost is sent again; one whose message is there is not."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import redis

from lab.processes.part import Part
from tests.recipes.celery_api import CeleryApi
from tests.support.waiting import wait_until

QUEUE, OPEN, LOCK = "default", "tasks:open", "unacked_mutex"
SOON = {"VISIBILITY_TIMEOUT_S": "3"}


@pytest.fixture
def broker(celery_api: CeleryApi) -> Iterator["redis.Redis"]:
    """Return the broker without a job of another test."""
    with redis.Redis.from_url(celery_api.stack.redis_url, decode_responses=True) as client:
        client.delete(QUEUE, OPEN)
        yield client


def lose(broker: "redis.Redis", task_id: str) -> None:
    """Remove a waiting message from the broker."""
    [message] = [
        text for text in broker.lrange(QUEUE, 0, -1) if json.loads(text)["headers"]["id"] == task_id
    ]
    assert broker.lrem(QUEUE, 1, str(message)) == 1


def test_job_whose_message_is_gone_is_sent_again_and_done_once(
    celery_api: CeleryApi, broker: "redis.Redis"
) -> None:
    lost = [celery_api.post_email() for _ in range(3)]
    for task_id in lost:
        lose(broker, task_id)

    with celery_api.worker("resender", env=SOON):
        celery_api.wait_until_done(*lost)
        wait_until("no job is open", lambda: broker.zcard(OPEN) == 0)

    for task_id in lost:
        assert len(celery_api.log_of(task_id, "resent")) == 1
        assert len(celery_api.log_of(task_id, "started")) == 1
        assert celery_api.api.read_task(task_id).status == "succeeded"


def test_job_that_is_sent_again_still_belongs_to_its_request(
    celery_api: CeleryApi, broker: "redis.Redis"
) -> None:
    headers = {"X-Request-ID": "shop-7"}
    answer = celery_api.http.post("/notes", json={"text": "milk"}, headers=headers)
    [job] = celery_api.read(answer.json()["jobs_url"])
    lose(broker, job["job_id"])

    with celery_api.worker("resender", env=SOON):
        [ended] = celery_api.jobs(answer)

    assert len(celery_api.log_of(job["job_id"], "resent")) == 1
    assert ended["result"]["request_id"] == "shop-7"


def test_job_that_waits_for_longer_than_the_timeout_is_not_sent_again(
    celery_api: CeleryApi, broker: "redis.Redis"
) -> None:
    waiting, lost = celery_api.post_email(), celery_api.post_email()
    lose(broker, lost)

    accepted_at = broker.zscore(OPEN, waiting) or 0
    with celery_api.worker("elsewhere", args=["--queues", "high"], env=SOON):
        wait_until("the lost one is sent again", lambda: celery_api.log_of(lost, "resent"))
        wait_until(
            "the other one was looked for",
            lambda: broker.zscore(OPEN, waiting) or 0,
            lambda seen_at: seen_at > accepted_at,
        )

    assert celery_api.log_of(waiting, "resent") == []
    assert sorted(celery_api.take_from(QUEUE)) == sorted([waiting, lost])


def test_job_that_has_ended_leaves_nothing_to_send(
    celery_api: CeleryApi, broker: "redis.Redis"
) -> None:
    with celery_api.worker("usual"):
        task_id = celery_api.post_email()
        celery_api.wait_until_done(task_id)
        wait_until("it is not open", lambda: broker.zscore(OPEN, task_id) is None)

    assert broker.hget(f"task:{task_id}", "message") is None


def test_job_that_was_cancelled_is_not_sent_again(
    celery_api: CeleryApi, broker: "redis.Redis"
) -> None:
    cancelled, lost = celery_api.post_email(), celery_api.post_email()
    celery_api.http.delete(f"/tasks/{cancelled}").raise_for_status()
    broker.delete(QUEUE)

    with celery_api.worker("resender", env=SOON):
        celery_api.wait_until_done(lost)
        wait_until("no job is open", lambda: broker.zcard(OPEN) == 0)

    assert celery_api.log_of(cancelled, "resent", "started") == []


def test_job_that_was_refused_is_not_open(celery_api: CeleryApi, broker: "redis.Redis") -> None:
    """Redis keeps the records here, and the broker beside it is down."""
    nowhere = {"CELERY_BROKER_URL": "redis://127.0.0.1:9/0"}
    fields = {"to": "reader@example.com", "subject": "Your order", "body": "It is on its way.\n"}
    before = set(broker.keys("task:*"))
    app = celery_api.stack.start("03_celery", label="refusing", env=nowhere, without=("worker",))

    answer = httpx.post(f"{app.url}/emails", json=fields)

    assert answer.status_code == 503
    assert answer.elapsed.total_seconds() < 3  # without a limit it is 4 s
    assert broker.zcard(OPEN) == 0
    assert set(broker.keys("task:*")) == before


def test_worker_killed_while_it_gives_jobs_back_does_not_keep_others_from_it(
    celery_api: CeleryApi, broker: "redis.Redis"
) -> None:
    with killed_with_a_job(celery_api) as (worker, task_id):
        wait_until("it holds the lock", lambda: stopped_with_the_lock(worker, broker))
    assert broker.exists(LOCK)

    assert_next_worker_does_it(celery_api, task_id)


def test_job_of_a_killed_worker_does_not_wait_for_a_date_that_was_set_back(
    celery_api: CeleryApi, broker: "redis.Redis"
) -> None:
    with killed_with_a_job(celery_api) as (_, task_id):
        pass
    for index in (OPEN, "tasks:running", "unacked_index"):  # noted while it was an hour later
        for member in broker.zrange(index, 0, -1):
            broker.zincrby(index, 3600, str(member))

    assert_next_worker_does_it(celery_api, task_id)


@contextmanager
def killed_with_a_job(celery_api: CeleryApi) -> Iterator[tuple[Part, str]]:
    """Give a worker that runs a job, and the job; the end of the block kills the worker."""
    with celery_api.inbox.holding(), celery_api.worker("dead", env=SOON) as worker:
        task_id = celery_api.post_email()
        wait_until("it runs", lambda: celery_api.log_of(task_id, "started"))
        yield worker, task_id


def assert_next_worker_does_it(celery_api: CeleryApi, task_id: str) -> None:
    with celery_api.worker("next", env=SOON):
        celery_api.wait_until_done(task_id)

    assert celery_api.api.read_task(task_id).status == "succeeded"


def stopped_with_the_lock(worker: Part, broker: "redis.Redis") -> bool:
    """Stop the worker as soon as its lock is there; let it go on if it was too late."""
    deadline = time.monotonic() + 2  # it looks once a second
    while not broker.exists(LOCK) and time.monotonic() < deadline:
        pass
    worker.send(signal.SIGSTOP)
    if broker.exists(LOCK):
        return True
    worker.send(signal.SIGCONT)
    return False
