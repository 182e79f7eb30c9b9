"""Full, or without its broker: 503 with Retry-After at once, and everything else goes on."""

import httpx
import pytest

from scenarios.contract import Status
from tests.support.client import accepted_id
from tests.support.running import APPROACHES, Running
from tests.support.waiting import wait_until

WITH_BROKER = [name for name, approach in APPROACHES.items() if "valkey" in approach.services]


def assert_refused_at_once(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) >= 1
    assert len(answer.json()["detail"]) > 10
    assert answer.elapsed.total_seconds() < 1


def test_full_app_refuses_more_or_has_no_limit(small: Running) -> None:
    with small.inbox.holding():
        answers = [small.api.post_email()]
        small.api.wait_until_running(accepted_id(answers[0]))
        answers += [small.api.post_email() for _ in range(5)]
        first = small.api.read_task(accepted_id(answers[0]))
        health = small.api.http.get("/healthz")
    accepted = [accepted_id(answer) for answer in answers if answer.status_code == 202]
    ended = [small.api.wait_until_final(task_id) for task_id in accepted]

    assert first.status is Status.RUNNING
    assert health.status_code == 200
    assert {task.status for task in ended} == {Status.SUCCEEDED}
    if small.promises["backpressure"]:
        assert [answer.status_code for answer in answers] == [202] * 3 + [503] * 3
        for answer in answers[3:]:
            assert_refused_at_once(answer)
        small.api.wait_until_final(accepted_id(small.api.post_email()))
    else:
        assert [answer.status_code for answer in answers] == [202] * 6


@pytest.mark.parametrize("running", WITH_BROKER, indirect=True)
def test_app_without_its_broker_refuses_at_once_and_recovers(running: Running) -> None:
    task_id = accepted_id(running.api.post_email())
    running.api.wait_until_final(task_id)
    running.wait_until_acknowledged()  # else kombu may end the worker, and nobody starts it again

    with running.broker_down():
        posted = running.api.post_email()
        read = running.api.http.get(f"/tasks/{task_id}")
        metrics = running.api.http.get("/metrics/queue")
        health = running.api.http.get("/healthz")
    recovered = wait_until(
        "a job is taken again", running.api.post_email, lambda answer: answer.status_code == 202
    )
    task = running.api.wait_until_final(accepted_id(recovered))

    for answer in (posted, read, metrics):
        assert_refused_at_once(answer)
    assert health.status_code == 200
    assert health.elapsed.total_seconds() < 1
    assert task.status is Status.SUCCEEDED, task.error
    assert running.api.read_task(task_id).status is Status.SUCCEEDED
