"""What bounds the jobs: their number, their time, and the stop of the app."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.recipes.recipe_app import RecipeApp, run_recipe_app
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until

SOURCE = "/sources/rates"


@pytest.fixture
def small(tmp_path: Path, services: Receiver) -> Iterator[RecipeApp]:
    """Start an app with room for one job of three seconds, which is hardly waited for."""
    env = {"MAX_RUNNING": "1", "JOB_TIMEOUT_S": "3", "CALL_TIMEOUT_S": "30", "DRAIN_S": "0.2"}
    with run_recipe_app(tmp_path, "02_asyncio_create_task", services, env) as app:
        yield app


def test_job_that_takes_too_long_fails(small: RecipeApp) -> None:
    with small.services.holding(SOURCE):
        job = small.job(small.http.post("/cache/rates"))

    assert job["status"] == "failed"
    assert job["error"] == "the job took longer than 3 s"


def test_job_above_the_limit_is_refused_and_nothing_is_stored(small: RecipeApp) -> None:
    with small.services.holding(SOURCE):
        running = small.http.post("/cache/rates")
        refused = small.http.post("/users/ann/settings", json={"theme": "dark"})

    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "1"
    assert small.job(running)["status"] == "succeeded"
    assert small.http.get("/users/ann/settings").status_code == 404


def test_of_many_changes_at_once_those_that_are_refused_are_not_stored(small: RecipeApp) -> None:
    users = [f"user-{number}" for number in range(16)]

    def change(user: str) -> int:
        return small.http.post(f"/users/{user}/settings", json={"theme": "dark"}).status_code

    with ThreadPoolExecutor(len(users)) as pool:
        codes = list(pool.map(change, users))
    stored = [small.http.get(f"/users/{user}/settings").status_code for user in users]

    assert 503 in codes
    assert stored == [200 if code == 202 else 404 for code in codes]


def test_stop_waits_for_running_jobs(tmp_path: Path, services: Receiver) -> None:
    with run_recipe_app(tmp_path, "02_asyncio_create_task", services) as app:
        before = len(services.on("/users/bob/sync"))
        with services.holding("/users/bob/sync"):
            app.http.post("/users/bob/settings", json={"theme": "dark"})
            wait_until("the call is made", lambda: len(services.on("/users/bob/sync")) > before)
            app.part.term()
            wait_until(
                "it stops", lambda: "Waiting for application shutdown" in app.part.log_text()
            )
        app.part.wait_exit()

        assert app.count_events("sync_external_service", "finished") == 1
        assert app.query("recipes.sqlite", "SELECT synced_version FROM settings") == [(1,)]


def test_job_that_outlasts_the_stop_is_on_record(small: RecipeApp) -> None:
    with small.services.holding("/users/cem/sync"):
        small.http.post("/users/cem/settings", json={"theme": "dark"})
        wait_until("it runs", lambda: small.count_events("sync_external_service", "started"))

        small.part.term()
        small.part.wait_exit()

    assert small.count_events("sync_external_service", "interrupted") == 1


def test_query_in_the_address_of_the_service_stays_behind_the_path(
    tmp_path: Path, services: Receiver
) -> None:
    env = {"SYNC_URL": f"{services.url}/users/?of=shop"}
    with run_recipe_app(tmp_path, "02_asyncio_create_task", services, env) as app:
        job = app.job(app.http.post("/users/dee/settings", json={"theme": "dark"}))

    assert job["status"] == "succeeded", job["error"]
    assert len(services.on("/users/dee/sync?of=shop")) == 1
