"""Delayed jobs: they wait for their time, hold no worker, and survive what the queue survives."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.recipes.recipe_app import RecipeApp
from tests.recipes.waiting_line import (
    email,
    fields_refused,
    is_durable,
    kill_and_restart,
    names_of_events,
)
from tests.support.client import accepted_id


def in_time(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


def waited_s(job: dict[str, Any]) -> float:  # Any: JSON
    begun, queued = (datetime.fromisoformat(job[name]) for name in ("started_at", "queued_at"))
    return (begun - queued).total_seconds()


def test_email_waits_for_its_time(queue: RecipeApp) -> None:
    answer = email(queue, "ann@example.com", delay_s=0.5)
    before = queue.api.read_task(accepted_id(answer))
    job = queue.job(answer)

    assert (before.status, before.attempts) == ("queued", 0)
    assert (job["status"], job["attempts"]) == ("succeeded", 1)
    assert waited_s(job) >= 0.49
    assert len(queue.inbox.sent_to("ann@example.com")) == 1


def test_time_may_be_given_with_its_zone(queue: RecipeApp) -> None:
    at = (datetime.now(UTC) + timedelta(seconds=0.5)).astimezone().isoformat()

    job = queue.job(email(queue, "bob@example.com", at=at))

    assert job["status"] == "succeeded"
    assert datetime.fromisoformat(job["started_at"]) >= datetime.fromisoformat(at)


def test_request_that_is_repeated_after_its_time_gives_the_same_task(queue: RecipeApp) -> None:
    at, key = in_time(seconds=2), uuid4().hex
    first = email(queue, "eva@example.com", key, at=at)
    queue.job(first)

    again = email(queue, "eva@example.com", key, at=at)
    other = email(queue, "eva@example.com", uuid4().hex, at=at)

    assert accepted_id(again) == accepted_id(first)
    assert fields_refused(other) == {"at"}


def test_waiting_jobs_hold_no_worker_and_can_be_cancelled(queue: RecipeApp) -> None:
    queue.api.wait_until_quiet()
    task_ids = [accepted_id(email(queue, "nobody@example.com", delay_s=3600)) for _ in range(10)]
    job = queue.job(email(queue, "dora@example.com"))
    seen = queue.api.read_metrics()
    for task_id in task_ids:
        queue.http.delete(f"/tasks/{task_id}").raise_for_status()
    after = queue.api.read_metrics()

    assert job["status"] == "succeeded"
    assert (seen.queued, seen.running, seen.oldest_queued_s) == (10, 0, 0)
    assert after.queued == 0
    assert {queue.api.read_task(task_id).status for task_id in task_ids} == {"cancelled"}
    assert queue.inbox.sent_to("nobody@example.com") == []


def test_restart_loses_it_in_memory_and_not_on_disk(queue: RecipeApp) -> None:
    soon = email(queue, "eve@example.com", delay_s=0.2)
    far = accepted_id(email(queue, "eve@example.com", delay_s=3600))

    kill_and_restart(queue)

    if is_durable(queue):
        assert queue.job(soon)["status"] == "succeeded"
        assert queue.api.read_task(far).status == "queued"
        queue.http.delete(f"/tasks/{far}").raise_for_status()
        assert len(queue.inbox.sent_to("eve@example.com")) == 1
    else:
        found = [queue.http.get(f"/tasks/{each}") for each in (accepted_id(soon), far)]
        assert [answer.status_code for answer in found] == [404, 404]


def test_stop_does_not_wait_for_what_is_due_after_its_deadline(queue: RecipeApp) -> None:
    task_id = accepted_id(email(queue, "finn@example.com", delay_s=3600))

    queue.part.term()
    queue.part.wait_exit(timeout_s=15)  # DRAIN_S is 20
    queue.part.restart()

    if is_durable(queue):
        assert names_of_events(queue, task_id) == ["accepted"]
        queue.http.delete(f"/tasks/{task_id}").raise_for_status()
    else:
        assert names_of_events(queue, task_id) == ["accepted", "interrupted"]


@pytest.mark.parametrize(
    ("when", "field"),
    [
        ({"delay_s": 0}, "delay_s"),
        ({"delay_s": -1}, "delay_s"),
        ({"delay_s": 31 * 24 * 3600}, "delay_s"),
        ({"delay_s": "soon"}, "delay_s"),
        ({"delay_s": None}, "at"),
        ({"delay_s": 5, "at": in_time(days=1)}, "at"),
        ({"at": "2001-01-01T00:00:00Z"}, "at"),
        ({"at": in_time(days=31)}, "at"),
        ({"at": "2030-01-01T00:00:00"}, "at"),
        ({"at": "tomorrow"}, "at"),
        ({"at": in_time(days=1), "subject": ""}, "subject"),
    ],
)
def test_bad_time_is_refused_by_name(queue: RecipeApp, when: dict[str, Any], field: str) -> None:
    assert fields_refused(email(queue, "gil@example.com", **when)) == {field}
