"""CPU-bound work with a priority: in processes that may be killed."""

import time
from typing import Any

import pytest

from tests.recipes.recipe_app import RecipeApp
from tests.recipes.waiting_line import (
    HOURS,
    blocked,
    compute,
    email,
    fields_refused,
    kill,
    running,
    starts,
)
from tests.support.client import accepted_id

LONG = 4 * 10**7  # primes up to here take about half a second


def test_primes_are_counted_in_a_process_that_is_not_the_api(queue: RecipeApp) -> None:
    answer = compute(queue, 10**6)
    job = queue.job(answer)

    assert answer.status_code == 202
    assert answer.headers["Location"] == answer.json()["status_url"]
    assert (job["kind"], job["status"], job["progress"]) == ("compute", "succeeded", 100)
    assert job["result"] == {"up_to": 10**6, "primes": 78498}
    assert job["ran_in"]["pid"] != queue.part.pid
    assert not job["ran_in"]["is_api_process"]


@pytest.mark.parametrize(
    ("up_to", "primes"), [(2, 1), (3, 2), (4, 2), (100, 25), (2_500_000, 183072)]
)
def test_every_prime_is_counted_once(queue: RecipeApp, up_to: int, primes: int) -> None:
    job = queue.job(compute(queue, up_to))

    assert job["result"] == {"up_to": up_to, "primes": primes}


def test_other_routes_are_quick_while_every_process_computes(queue: RecipeApp) -> None:
    task_ids = [accepted_id(compute(queue, HOURS)) for _ in range(2)]
    pids = {running(queue, task_id) for task_id in task_ids}

    waits = []
    for _ in range(20):
        begun = time.monotonic()
        queue.http.get("/healthz").raise_for_status()
        waits.append(time.monotonic() - begun)
    states = {queue.api.read_task(task_id).status for task_id in task_ids}
    for task_id in task_ids:
        queue.http.delete(f"/tasks/{task_id}")

    assert len(pids) == 2
    assert states == {"running"}
    assert max(waits) < 2, waits


def test_killed_process_costs_one_attempt_of_one_job(queue: RecipeApp) -> None:
    victim, other = compute(queue, LONG), compute(queue, 10**7)
    pid = running(queue, accepted_id(victim))

    kill(pid)
    letter = queue.job(email(queue, "kim@example.com"))
    jobs = [queue.job(victim), queue.job(other)]

    assert [job["result"]["primes"] for job in jobs] == [2_433_654, 664_579]
    assert [job["attempts"] for job in (*jobs, letter)] == [2, 1, 1]
    assert jobs[0]["ran_in"]["pid"] != pid


def test_job_whose_process_is_always_killed_fails_with_a_reason_and_can_be_put_back(
    queue: RecipeApp,
) -> None:
    answer = compute(queue, HOURS)
    task_id = accepted_id(answer)
    killed: set[int] = set()
    for _ in range(3):
        pid = running(queue, task_id, but=killed)
        kill(pid)
        killed.add(pid)
    failed = queue.job(answer)

    put_back = queue.http.post(f"/dead-letters/{task_id}/retry")
    running(queue, task_id, but=killed)
    again = queue.api.read_task(task_id)
    queue.http.delete(f"/tasks/{task_id}").raise_for_status()

    assert (failed["status"], failed["attempts"]) == ("failed", 3)
    assert failed["error"] == "the job failed: ProcessDied: its process ended with exit code -9"
    assert put_back.headers["Location"] == f"/tasks/{task_id}"
    assert (again.status, again.attempts, again.error) == ("running", 1, None)


def test_highest_priority_runs_first_and_equals_in_their_order(short_queue: RecipeApp) -> None:
    with blocked(short_queue):
        priorities = [-3, 7, 2, 2]
        ids = [accepted_id(compute(short_queue, priority=each)) for each in priorities]
    short_queue.api.wait_until_quiet()

    low, high, first, second = ids
    assert starts(short_queue, *ids) == [high, first, second, low]


def test_same_key_gives_the_same_task(queue: RecipeApp) -> None:
    headers = {"Idempotency-Key": "primes"}

    answers = [queue.http.post("/compute/", json={"up_to": 10}, headers=headers) for _ in range(2)]

    assert accepted_id(answers[0]) == accepted_id(answers[1])
    assert queue.job(answers[1])["attempts"] == 1


def test_key_belongs_to_the_route_and_the_body(queue: RecipeApp) -> None:
    note = {"text": "Call Ann"}
    headers = {"Idempotency-Key": "a note"}
    first = queue.http.post("/notes", json=note, headers=headers)

    others = [
        queue.http.post(path, json=body, headers=headers)
        for path, body in [
            ("/notes", {"text": "Call Bob"}),
            ("/compute/", {"up_to": 10}),
            ("/emails", {"to": "ann@example.com", "subject": "Hello", "body": ""}),
        ]
    ]

    assert first.status_code == 202
    assert [answer.status_code for answer in others] == [422] * 3
    assert all("Idempotency-Key" in answer.text for answer in others)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "up_to"),
        ({"up_to": 1}, "up_to"),
        ({"up_to": 10**11}, "up_to"),
        ({"up_to": "many"}, "up_to"),
        ({"up_to": 10.5}, "up_to"),
        ({"up_to": True}, "up_to"),
        ({"up_to": 10, "priority": 11}, "priority"),
        ({"up_to": 10, "priority": -11}, "priority"),
        ({"up_to": 10, "priority": None}, "priority"),
        ({"up_to": 10, "priority": "high"}, "priority"),
    ],
)
def test_bad_input_is_refused_by_name(queue: RecipeApp, body: dict[str, Any], field: str) -> None:
    assert fields_refused(queue.http.post("/compute/", json=body)) == {field}
