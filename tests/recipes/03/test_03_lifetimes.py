"""What was accepted stays so, however long it takes; what was refused leaves nothing."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import redis

from lab.load.samples import make_orders
from tests.recipes.celery_api import CeleryApi, open_celery_api
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until

SHORT = {"RESULT_TTL_S": "1", "JOB_TIMEOUT_S": "1", "VISIBILITY_TIMEOUT_S": "2"}
LONG_S = 5  # longer than a result, a job and a message may take together


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory, services: Receiver) -> Iterator[CeleryApi]:
    with open_celery_api(
        tmp_path_factory.mktemp("short"), services, worker=False, env=SHORT
    ) as celery_api:
        yield celery_api


def post(celery_api: CeleryApi, key: str, path: str = "/emails", **fields: str) -> httpx.Response:
    body = {"to": "key@example.com", "subject": "A", "body": "b"} | fields
    return celery_api.http.post(path, json=body, headers={"Idempotency-Key": key})


def test_job_of_a_dead_worker_outlives_every_lifetime(short: CeleryApi) -> None:
    with short.inbox.holding(), short.worker("dies", concurrency=1) as worker:
        running, waiting = short.post_email("a@example.com"), short.post_email("b@example.com")
        wait_until("it runs", lambda: short.log_of(running, "started"))
        worker.kill9(group=True)
    time.sleep(LONG_S)

    with short.worker("next"):
        short.wait_until_done(running, waiting)

    assert [len(short.inbox.sent_to(f"{name}@example.com")) for name in "ab"] == [1, 1]


def test_job_that_takes_too_long_fails_at_once(short: CeleryApi) -> None:
    with short.inbox.holding(), short.worker("impatient"):  # the e-mail itself waits for 10 s
        task_id = short.post_email()
        [failed] = wait_until("it has failed", lambda: short.log_of(task_id, "failed"))

    assert failed["error"] == "the job took longer than 1 s"
    assert len(short.log_of(task_id, "started")) == 1


def test_everything_of_a_job_goes_together_after_its_end(short: CeleryApi) -> None:
    with short.worker("usual"):
        task_id = post(short, "goes").json()["task_id"]
        short.wait_until_done(task_id)
        with redis.Redis.from_url(short.stack.redis_url, decode_responses=True) as client:
            wait_until("it is forgotten", lambda: not client.exists(f"task:{task_id}"))
            assert not client.exists("key:goes")

    assert short.http.get(f"/tasks/{task_id}").status_code == 404
    assert list((short.data_dir / "results").glob(f"{task_id}*")) == []


def test_key_lives_as_long_as_its_job_waits(short: CeleryApi) -> None:
    with ThreadPoolExecutor(20) as pool:
        at_once = list(pool.map(lambda _: post(short, "one", to="one@example.com"), range(20)))
    time.sleep(LONG_S)

    later = post(short, "one", to="one@example.com")

    ids = {answer.json()["task_id"] for answer in [*at_once, later]}
    assert len(ids) == 1
    with short.worker("usual"):
        short.wait_until_done(*ids)
    assert len(short.inbox.sent_to("one@example.com")) == 1


def test_key_belongs_to_its_route_and_body(short: CeleryApi) -> None:
    first = post(short, "mine")

    other_body = post(short, "mine", to="somebody@example.com")
    headers = {"Idempotency-Key": "mine"}
    files = {"file": ("orders.csv", make_orders(5).csv)}
    other_route = short.http.post("/reports", data={"title": "A"}, files=files, headers=headers)
    payment = {"account": "DE02", "cents": 5}
    recipe = short.http.post("/payments", json=payment, headers=headers)

    assert first.status_code == 202
    for refused in (other_body, other_route, recipe):
        assert refused.status_code == 422, refused.text
        assert "Idempotency-Key" in refused.text
    assert list((short.data_dir / "uploads").iterdir()) == []
    short.http.delete(f"/tasks/{first.json()['task_id']}")


def test_request_that_was_refused_leaves_no_ghost(celery_api: CeleryApi) -> None:
    counts = celery_api.http.get("/metrics/queue").json()
    valkey = celery_api.stack.parts["valkey"]
    with redis.Redis.from_url(celery_api.stack.redis_url) as client:
        known = set(client.keys("task:*"))
        valkey.send(signal.SIGSTOP)
        try:
            body = {"to": "ghost@example.com", "subject": "A", "body": "b"}
            answers = [celery_api.http.post("/emails", json=body) for _ in range(3)]
            workflow = celery_api.notify("ghost")
        finally:
            valkey.send(signal.SIGCONT)
        time.sleep(2)  # now Redis reads what has waited in its sockets

        assert {answer.status_code for answer in [*answers, workflow]} == {503}
        assert set(client.keys("task:*")) == known
    assert celery_api.http.get("/metrics/queue").json()["queued"] == counts["queued"]


def test_user_whose_jobs_are_refused_may_register_again(celery_api: CeleryApi) -> None:
    env = {"DATA_DIR": str(celery_api.data_dir), "CELERY_BROKER_URL": "redis://127.0.0.1:9/0"}
    app = celery_api.stack.start("03_celery", label="brokerless", env=env, without=("worker",))
    user = {"username": "again", "email": "again@example.com"}

    refused = httpx.post(f"{app.url}/users/register", json=user)
    later = celery_api.http.post("/users/register", json=user)

    assert refused.status_code == 503
    assert later.status_code == 201, later.text
    celery_api.take_from("default")


def test_cancel_that_the_worker_does_not_hear_is_not_called_done(celery_api: CeleryApi) -> None:
    with celery_api.worker("deaf") as worker:
        with celery_api.inbox.holding():
            task_id = celery_api.post_email("deaf@example.com")
            wait_until("it runs", lambda: celery_api.log_of(task_id, "started"))
            worker.send(signal.SIGSTOP)  # the main process; the job runs in another
            asked = celery_api.http.delete(f"/tasks/{task_id}")
        ended = celery_api.wait_for(task_id, "succeeded")
        worker.send(signal.SIGCONT)
        later = celery_api.post_email()
        celery_api.wait_until_done(later)

    assert (asked.status_code, asked.json()["status"]) == (202, "running")
    assert celery_api.api.read_task(task_id) == ended
    assert len(celery_api.inbox.sent_to("deaf@example.com")) == 1
    assert celery_api.http.delete(f"/tasks/{task_id}").status_code == 409


def test_every_accepted_job_without_a_message_is_sent_again(celery_api: CeleryApi) -> None:
    """A message that is gone: the API died before it was sent, or a worker when it got it."""
    with redis.Redis.from_url(celery_api.stack.redis_url) as client:
        client.delete("default", "low")
        email = post(celery_api, "again", to="again@example.com").json()["task_id"]
        pushed = celery_api.notify("again")
        client.delete("default", "low")
    repeated = post(celery_api, "again", to="again@example.com").json()["task_id"]

    with celery_api.worker("usual"):
        assert celery_api.job(pushed)["status"] == "succeeded"
        celery_api.wait_until_done(email)

    assert repeated == email
    assert len(celery_api.inbox.sent_to("again@example.com")) == 1


def test_payment_that_two_deliveries_work_on_is_made_once(celery_api: CeleryApi) -> None:
    too_short = {"VISIBILITY_TIMEOUT_S": "1"}  # shorter than the job: it is delivered again
    headers, body = {"Idempotency-Key": "twice"}, {"account": "DE02", "cents": 500}
    with (
        celery_api.worker("first", env=too_short),
        celery_api.worker("second", env=too_short),
    ):
        with celery_api.services.holding("/03/payments"):
            answer = celery_api.http.post("/payments", json=body, headers=headers)
            [job] = celery_api.read(answer.json()["jobs_url"])
            held_back = wait_until(
                "the second delivery found the first one at work",
                lambda: celery_api.log_of(job["job_id"], "held_back"),
            )

        job = celery_api.job(answer)

    keys = [each.headers["idempotency-key"] for each in celery_api.services.on("/03/payments")]
    assert keys.count(job["job_id"]) == 1
    assert held_back[0]["pid"] != celery_api.log_of(job["job_id"], "started")[0]["pid"]
    assert job["result"]["cents"] == 500
