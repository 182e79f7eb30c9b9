"""The metrics, as JSON and for Prometheus, are true in every state."""

import re

import httpx

from tests.recipes.recipe_app import RecipeApp
from tests.recipes.waiting_line import (
    blocked,
    compute,
    email,
    is_durable,
    running,
)
from tests.support.client import accepted_id
from tests.support.waiting import wait_until

MANY = 10**8  # primes up to here take about a second, less than DRAIN_S


def counts(app: RecipeApp) -> tuple[int, int, int, int]:
    """Return what waits, runs, succeeded and failed, once both forms say the same."""
    names = ("queued", "running", "succeeded", "failed")
    seen = app.api.read_metrics()
    text = app.http.get("/metrics").raise_for_status().text
    told = dict(re.findall(r'^tasks{status="(\w+)"} (\d+)', text, re.MULTILINE))
    assert {name: int(told[name]) for name in names} == {
        name: getattr(seen, name) for name in names
    }
    return seen.queued, seen.running, seen.succeeded, seen.failed


def test_prometheus_gets_the_counts_of_the_json(queue: RecipeApp) -> None:
    queue.api.wait_until_quiet()

    answer = queue.http.get("/metrics")

    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "\nworkers 4.0\n" in answer.text
    assert "\noldest_queued_seconds 0.0\n" in answer.text
    counts(queue)


def test_jobs_are_counted_while_they_run_wait_and_are_refused(short_queue: RecipeApp) -> None:
    short_queue.api.wait_until_quiet()
    _, _, done, failed = counts(short_queue)

    with blocked(short_queue):
        alone = counts(short_queue)
        waiting = [compute(short_queue) for _ in range(4)]
        full = counts(short_queue)
        refused = compute(short_queue)
        after_refusal = counts(short_queue)
        oldest_s = short_queue.api.read_metrics().oldest_queued_s
        short_queue.http.delete(waiting[0].json()["status_url"]).raise_for_status()
        after_cancel = counts(short_queue)
    short_queue.api.wait_until_quiet()

    assert alone == (0, 1, done, failed)
    assert full == after_refusal == (4, 1, done, failed)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert "4 tasks wait" in refused.json()["detail"]
    assert oldest_s > 0
    assert after_cancel == (3, 1, done, failed)
    assert counts(short_queue) == (0, 0, done + 3, failed)


def test_failures_and_what_waits_for_its_time_are_counted(short_queue: RecipeApp) -> None:
    short_queue.api.wait_until_quiet()
    _, _, done, failed = counts(short_queue)

    short_queue.refuse_mail("ann@example.org", 550)
    short_queue.job(email(short_queue, "ann@example.org"))
    after_failure = counts(short_queue)
    short_queue.refuse_mail("bob@example.org", 451)
    retried = accepted_id(email(short_queue, "bob@example.org"))
    wait_until(
        "it waits to be tried again",
        lambda: short_queue.api.read_task(retried),
        lambda seen: (seen.status, seen.attempts) == ("queued", 1),
    )
    delayed = accepted_id(email(short_queue, "cem@example.org", delay_s=3600))
    waiting = counts(short_queue)
    oldest_s = short_queue.api.read_metrics().oldest_queued_s
    for task_id in (retried, delayed):
        short_queue.http.delete(f"/tasks/{task_id}").raise_for_status()

    assert after_failure == (0, 0, done, failed + 1)
    assert waiting == (2, 0, done, failed + 1)
    assert oldest_s == 0  # nothing that could run waits
    assert counts(short_queue) == (0, 0, done, failed + 1)


def test_another_process_counts_what_a_stopping_one_still_runs(queue: RecipeApp) -> None:
    """Over HTTP the metrics of a process end with its stop; its neighbours go on to count."""
    if not is_durable(queue):
        queue.part.term()
        queue.part.wait_exit()
        answers = answer_of(queue)
        queue.part.restart()
        assert answers is None
        return
    done = queue.api.wait_until_quiet().succeeded
    env = {"DATA_DIR": str(queue.data_dir)}
    with queue.another("neighbour", env) as neighbour:
        task_id = accepted_id(compute(queue, MANY))
        assert running(queue, task_id) in queue.part.children()  # who takes a task runs it
        queue.part.term()
        wait_until("it takes no requests", lambda: answer_of(queue) is None)
        draining = neighbour.api.read_metrics()
        queue.part.wait_exit()
        after = neighbour.api.read_metrics()
        status = neighbour.api.read_task(task_id).status
        neighbour.part.term()
        neighbour.part.wait_exit()
    queue.part.restart()

    assert (draining.queued, draining.running) == (0, 1)
    assert (after.running, after.succeeded, status) == (0, done + 1, "succeeded")


def answer_of(app: RecipeApp) -> int | None:
    try:
        return httpx.get(f"{app.part.url}/healthz").status_code
    except httpx.TransportError:
        return None
