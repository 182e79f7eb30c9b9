"""What the status, result, metrics and health routes say."""

from datetime import datetime
from uuid import uuid4

from lab.load.samples import make_orders
from scenarios.contract import Status
from tests.support.client import ORDERS_HEADER, accepted_id
from tests.support.running import Running

UNKNOWN_IDS = {
    "random": str(uuid4()),
    "garbage": "garbage",
    "long": "x" * 4000,
    "any script": "日本語",
    "NUL": "a%00b",
    "wildcard": "*",
    "dots": "%2e%2e",
    "slash": "..%2F..%2Fledger",
    "line break": "a%0D%0Ab",
}


def test_unknown_task_is_not_found(running: Running) -> None:
    cancelled = {404} if running.promises["cancel"] else {404, 405}

    for name, task_id in UNKNOWN_IDS.items():
        assert running.api.http.get(f"/tasks/{task_id}").status_code == 404, name
        assert running.api.read_result(task_id).status_code == 404, name
        assert running.api.cancel(task_id).status_code in cancelled, name


def test_accepted_task_says_where_to_ask(running: Running) -> None:
    answer = running.api.post_email()

    task_id = accepted_id(answer)
    assert answer.json() == {
        "task_id": task_id,
        "status": "queued",
        "status_url": f"/tasks/{task_id}",
    }
    assert answer.headers["location"] == f"/tasks/{task_id}"
    assert running.api.http.get(answer.headers["location"]).status_code == 200


def test_status_of_a_finished_task_is_complete(running: Running) -> None:
    task = running.api.wait_until_final(accepted_id(running.api.post_email()))

    assert (task.kind, task.status, task.progress) == ("email", Status.SUCCEEDED, 100)
    assert (task.attempts, task.error) == (1, None)
    assert isinstance(task.started_at, datetime)
    assert isinstance(task.finished_at, datetime)
    assert task.queued_at <= task.started_at <= task.finished_at
    assert task.queued_at.tzinfo is not None


def test_status_before_the_end_promises_nothing(running: Running) -> None:
    with running.inbox.holding():
        task_id = accepted_id(running.api.post_email())
        task = running.api.wait_until_running(task_id)
        download = running.api.read_result(task_id)

    assert (task.result, task.error, task.finished_at) == (None, None, None)
    assert download.status_code == 409
    running.api.wait_until_final(task_id)


def test_email_has_nothing_to_download(running: Running) -> None:
    task = running.api.wait_until_final(accepted_id(running.api.post_email()))

    assert running.api.read_result(task.task_id).status_code == 409


def test_metrics_count_the_jobs_that_ended(running: Running) -> None:
    bad_orders = ORDERS_HEADER + b"2025-01-01,North,Lamp,none,2.50\n"
    before = running.api.wait_until_quiet()

    good = [accepted_id(running.api.post_email()) for _ in range(3)]
    good += [accepted_id(running.api.post_report(make_orders(5).csv))]
    bad = [accepted_id(running.api.post_report(bad_orders)) for _ in range(2)]
    for task_id in good + bad:
        running.api.wait_until_final(task_id)
    after = running.api.wait_until_quiet()

    assert after.succeeded - before.succeeded == len(good)
    assert after.failed - before.failed == len(bad)
    assert after.oldest_queued_s == 0


def test_number_of_workers_does_not_waver(running: Running) -> None:
    seen = [running.api.read_metrics().workers for _ in range(5)]

    assert len(set(seen)) == 1, seen


def test_metrics_count_the_jobs_that_wait_and_run(running: Running) -> None:
    running.api.wait_until_quiet()

    with running.inbox.holding():
        task_ids = [accepted_id(running.api.post_email()) for _ in range(8)]
        running.api.wait_until_running(task_ids[0])
        metrics = running.api.read_metrics()

    assert metrics.queued + metrics.running == 8
    assert metrics.running >= 1
    assert metrics.workers is None or metrics.running <= metrics.workers
    assert (metrics.oldest_queued_s > 0) == (metrics.queued > 0)
    assert running.api.wait_until_quiet().queued == 0


def test_health_is_answered_while_jobs_run(running: Running) -> None:
    with running.inbox.holding():
        task_id = accepted_id(running.api.post_email())
        running.api.wait_until_running(task_id)
        answer = running.api.http.get("/healthz")

    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() < 1
    running.api.wait_until_final(task_id)
