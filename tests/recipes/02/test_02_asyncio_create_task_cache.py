"""Sources that are fetched one by one, all at once, and again and again."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.recipes.recipe_app import RecipeApp
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
def stopped(tasks: RecipeApp) -> Iterator[None]:
    """Stop the periodic job: only what a test asks for is fetched."""
    tasks.http.post("/refresher/stop").raise_for_status()
    yield
    tasks.http.post("/refresher/stop").raise_for_status()


def cached(app: RecipeApp, source: str) -> dict[str, Any]:  # Any: JSON
    entry: dict[str, Any] = app.http.get(f"/cache/{source}").raise_for_status().json()
    return entry


def fetches(app: RecipeApp, source: str = "rates") -> int:
    return len(app.services.on(f"/sources/{source}"))


def test_source_is_fetched_and_read_from_the_cache(tasks: RecipeApp) -> None:
    tasks.services.serve("/sources/rates", b'{"EUR": 1.16}')

    job = tasks.job(tasks.http.post("/cache/rates"))
    before = fetches(tasks)

    assert job["result"] == {"source": "rates", "size_bytes": 13}
    assert cached(tasks, "rates")["data"] == {"EUR": 1.16}
    assert fetches(tasks) == before


@pytest.mark.parametrize(
    ("code", "body", "error"),
    [
        (500, b"{}", "answered 500"),
        (302, b"{}", "answered 302"),
        (200, b"<html>", "sent no JSON"),
        (200, b"x" * 11 * 1024**2, "sends too much"),
    ],
)
def test_failed_fetch_is_on_record_and_leaves_what_is_cached(
    tasks: RecipeApp, code: int, body: bytes, error: str
) -> None:
    tasks.services.serve("/sources/rates", b'{"EUR": 1.17}')
    tasks.job(tasks.http.post("/cache/rates"))
    before = cached(tasks, "rates")

    tasks.services.serve("/sources/rates", body)
    tasks.services.fail("/sources/rates", code, times=int(code != 200))
    job = tasks.job(tasks.http.post("/cache/rates"))
    tasks.services.serve("/sources/rates", b"{}")

    assert job["status"] == "failed"
    assert job["error"].startswith(f"the source 'rates' {error}")
    assert cached(tasks, "rates") == before


def test_requests_share_one_fetch(tasks: RecipeApp) -> None:
    before = fetches(tasks)

    with tasks.services.holding("/sources/rates"):
        answers = [tasks.http.post("/cache/rates") for _ in range(5)]
        wait_until("the source is asked", lambda: fetches(tasks) > before)

    assert len({answer.json()["job_id"] for answer in answers}) == 1
    assert tasks.job(answers[0])["status"] == "succeeded"
    assert fetches(tasks) == before + 1


@pytest.mark.parametrize("source", ["none", "http:%2F%2F127.0.0.1:1%2F", "169.254.169.254"])
def test_client_cannot_name_an_address(tasks: RecipeApp, source: str) -> None:
    refused = [tasks.http.post(f"/cache/{source}"), tasks.http.get(f"/cache/{source}")]

    assert [answer.status_code for answer in refused] == [404, 404]


def test_failing_source_does_not_cancel_the_others(tasks: RecipeApp) -> None:
    for source in ("rates", "stock", "weather"):
        tasks.services.serve(f"/sources/{source}", b'{"round": 2}')
    tasks.services.fail("/sources/stock", 500, times=1)

    with tasks.services.holding("/sources/weather"):
        answer = tasks.http.post("/cache")
        wait_until("rates are there", lambda: cached(tasks, "rates")["data"] == {"round": 2})
    job = tasks.job(answer)

    assert job["status"] == "failed"
    assert job["error"] == "1 of 3 failed: the source 'stock' answered 500"
    assert cached(tasks, "weather")["data"] == {"round": 2}


def test_cancelled_fan_out_stops_every_call_and_ends_once(tasks: RecipeApp) -> None:
    before = fetches(tasks, "weather")

    with tasks.services.holding("/sources/weather"):
        answer = tasks.http.post("/cache")
        wait_until("the source is asked", lambda: fetches(tasks, "weather") > before)
        url = answer.json()["status_url"]
        cancelled = tasks.http.delete(url)
        job = tasks.job(answer)
        wait_until("it is too late", lambda: tasks.http.delete(url).status_code == 409)

    assert cancelled.status_code == 202
    assert (job["status"], job["error"]) == ("cancelled", "cancelled by a client")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_unknown_job_is_refused(tasks: RecipeApp, method: str) -> None:
    refused = tasks.http.request(method, "/jobs/unknown")

    assert refused.status_code == 404
    assert refused.json()["detail"] == "no job 'unknown'"


def refresher(app: RecipeApp) -> dict[str, Any]:  # Any: JSON
    state: dict[str, Any] = app.http.get("/refresher").json()
    return state


def test_periodic_job_survives_a_failure_and_recovers(tasks: RecipeApp) -> None:
    before = refresher(tasks)["failures"]
    tasks.services.fail("/sources/stock", 503, times=2)

    tasks.http.post("/refresher/start")

    wait_until("two runs failed", lambda: refresher(tasks)["failures"] == before + 2)
    recovered = wait_until(
        "a run is good", lambda: refresher(tasks), lambda state: state["last_error"] is None
    )
    assert recovered["is_running"]
    assert recovered["runs"] > before + 2


def test_periodic_job_started_twice_runs_once_and_stops_at_once(tasks: RecipeApp) -> None:
    before = fetches(tasks, "weather")

    with tasks.services.holding("/sources/weather"):
        for _ in range(2):
            tasks.http.post("/refresher/start")
        wait_until("it runs", lambda: fetches(tasks, "weather") > before)
        stopped = tasks.http.post("/refresher/stop").json()

    assert not stopped["is_running"]
    tasks.job(tasks.http.post("/cache/weather"))
    assert fetches(tasks, "weather") == before + 2
