"""Redis away while jobs start, run and end: none fails for that, and none is forgotten."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from tests.recipes.celery_api import CeleryApi, need_rabbitmq, open_celery_api
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until

NOTIFICATION = {"user_id": "ann", "message": "Hello", "channels": ["push"]}
QUICK = {"JOB_TIMEOUT_S": "2", "VISIBILITY_TIMEOUT_S": "4"}


@pytest.fixture(scope="module", params=["Redis alone", "RabbitMQ and Redis"])
def own(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, services: Receiver
) -> Iterator[CeleryApi]:
    """Start an API whose records lie in a Redis, with that one or RabbitMQ as the broker."""
    on_rabbitmq = request.param != "Redis alone"
    if on_rabbitmq:
        need_rabbitmq()
    folder = tmp_path_factory.mktemp("outage")
    with open_celery_api(
        folder, services, worker=False, rabbitmq=on_rabbitmq, env=QUICK
    ) as celery_api:
        yield celery_api


@contextmanager
def redis_killed(celery_api: CeleryApi, for_s: float) -> Iterator[None]:
    """Kill Redis, do what is in the block, and start it again after this time."""
    valkey = celery_api.stack.parts["valkey"]
    valkey.kill9()
    until = time.monotonic() + for_s
    try:
        yield
        time.sleep(max(0.0, until - time.monotonic()))
    finally:
        valkey.restart()


def assert_all_succeeded(celery_api: CeleryApi, task_ids: list[str]) -> None:
    def look() -> list[str]:
        # As systemd does: kombu may end a worker that loses Redis while it has messages
        # ("'NoneType' object has no attribute 'hostname'").
        for part in celery_api.stack.parts.values():
            if not part.alive:
                part.restart()
        return [celery_api.api.read_task(each).status for each in task_ids]

    wait_until(
        "all have ended", look, lambda seen: not {"queued", "running"} & set(seen), timeout_s=60
    )
    tasks = [celery_api.api.read_task(each) for each in task_ids]
    assert [t.error for t in tasks if t.status != "succeeded"] == []
    assert celery_api.http.get("/metrics/queue").json()["queued"] == 0


def test_outage_while_jobs_wait_and_run_fails_none(own: CeleryApi) -> None:
    addresses = [f"outage-{n}@example.com" for n in range(40)]
    with own.worker("steady", concurrency=4):
        task_ids = [own.post_email(to) for to in addresses]
        wait_until("some have ended", lambda: len(own.log_of(task_ids[3], "finished")))

        with redis_killed(own, 3):
            pass
        assert_all_succeeded(own, task_ids)

    # A job whose start was noted and not heard of may run again; no effect is left out.
    assert all(own.inbox.sent_to(to) for to in addresses)
    assert [len(own.log_of(each, "finished")) for each in task_ids] == [1] * len(task_ids)


def test_job_that_ends_during_an_outage_longer_than_its_time_limit_has_succeeded(
    own: CeleryApi,
) -> None:
    with own.worker("steady", concurrency=2):
        with own.inbox.holding():
            task_ids = [own.post_email(f"long-{n}@example.com") for n in range(2)]
            for task_id in task_ids:
                own.wait_for(task_id, "running")
            own.stack.parts["valkey"].kill9()
        with redis_killed(own, 6):  # three times JOB_TIMEOUT_S
            pass
        assert_all_succeeded(own, task_ids)

    assert [len(own.inbox.sent_to(f"long-{n}@example.com")) for n in range(2)] == [1, 1]
    assert [own.api.read_task(each).attempts for each in task_ids] == [1, 1]


# How to have Redis refuse what is written: no memory, no replica, and it has become one itself.
REFUSES = {
    "full": (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
    "alone": (
        ("CONFIG", "SET", "min-replicas-to-write", "1"),
        ("CONFIG", "SET", "min-replicas-to-write", "0"),
    ),
    "replica": (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
}


def test_redis_that_takes_nothing_stops_no_worker_for_good(own: CeleryApi) -> None:
    with own.worker("steady", concurrency=2) as worker:
        for refuse, take in REFUSES.values():
            with own.inbox.holding():
                running = [own.post_email() for _ in range(2)]
                for task_id in running:
                    own.wait_for(task_id, "running")
                waiting = [own.post_email() for _ in range(4)]
                with redis.Redis.from_url(own.stack.redis_url) as client:
                    client.execute_command(*refuse)
            time.sleep(3)  # the first two end, and nothing can be written about it
            refused = own.http.post("/notifications", json=NOTIFICATION)
            with redis.Redis.from_url(own.stack.redis_url) as client:
                client.execute_command(*take)

            assert refused.status_code == 503, refuse
            assert_all_succeeded(own, running + waiting)
            assert [own.api.read_task(each).attempts for each in running] == [1, 1], refuse
        assert worker.alive
        worker.term()
        assert worker.wait_exit() == 0


def test_flushed_redis_leaves_no_ghost_and_a_worker_that_works(own: CeleryApi) -> None:
    addresses = [f"flushed-{n}@example.com" for n in range(4)]
    with own.worker("steady", concurrency=2):
        with own.inbox.holding():
            forgotten = [own.post_email(to) for to in addresses]  # two run, two wait
            for task_id in forgotten[:2]:
                own.wait_for(task_id, "running")
            with redis.Redis.from_url(own.stack.redis_url) as client:
                client.flushall()
        wait_until(
            "its worker is heard of", lambda: own.http.get("/metrics/queue").json()["workers"]
        )
        later = own.post_email()
        assert_all_succeeded(own, [later])

    assert {own.http.get(f"/tasks/{task_id}").status_code for task_id in forgotten} == {404}
    counts = own.http.get("/metrics/queue").json()
    assert (counts["queued"], counts["running"], counts["succeeded"]) == (0, 0, 1)
    assert [own.depth(queue) for queue in ("high", "default", "low")] == [0, 0, 0]
    # What RabbitMQ still had was dropped: nobody could have told whether it had been done before.
    assert [len(own.inbox.sent_to(to)) for to in addresses] == [1, 1, 0, 0]


def test_dead_letter_stays_when_its_replay_is_refused(own: CeleryApi) -> None:
    with own.worker("steady"):
        earlier, letter = (own.fail_an_email(f"cat-{n}@again.example.com") for n in range(2))
        with redis.Redis.from_url(own.stack.redis_url) as client:
            client.config_set("maxmemory", 1)
            refused = own.http.post(f"/dead-letters/{letter}/retry")
            client.config_set("maxmemory", 0)

        assert refused.status_code == 503
        assert list(own.dead_letters(limit=2)) == [letter, earlier]
        job = own.job(own.http.post(f"/dead-letters/{letter}/retry"))
        assert job["status"] == "succeeded"
        assert list(own.dead_letters(limit=1)) == [earlier]
