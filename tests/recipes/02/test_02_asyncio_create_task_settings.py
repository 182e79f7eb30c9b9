"""Settings that are synced to a service which fails, hangs and recovers."""

import json
from typing import Any

import httpx
import pytest

from tests.recipes.recipe_app import RecipeApp
from tests.support.waiting import wait_until


def change(app: RecipeApp, user_id: str, theme: str = "dark") -> httpx.Response:
    return app.http.post(f"/users/{user_id}/settings", json={"theme": theme})


def stored(app: RecipeApp, user_id: str) -> dict[str, Any]:  # Any: JSON
    facts: dict[str, Any] = app.http.get(f"/users/{user_id}/settings").json()
    return facts


def sent(app: RecipeApp, user_id: str) -> list[dict[str, Any]]:  # Any: JSON
    """Return what the service has received about a user, the oldest first."""
    return [json.loads(each.body) for each in app.services.on(f"/users/{user_id}/sync")]


def test_settings_are_stored_and_then_synced(tasks: RecipeApp) -> None:
    answer = change(tasks, "ann")

    assert answer.status_code == 202
    assert tasks.job(answer)["result"] == {"version": 1}
    assert sent(tasks, "ann") == [{"version": 1, "settings": {"theme": "dark"}}]
    expected = {"settings": {"theme": "dark"}, "version": 1, "synced_version": 1}
    assert stored(tasks, "ann") == expected


def test_answer_does_not_wait_for_the_service(tasks: RecipeApp) -> None:
    with tasks.services.holding("/users/bob/sync"):
        answer = change(tasks, "bob")

        assert answer.status_code == 202
        assert stored(tasks, "bob")["synced_version"] == 0
    assert tasks.job(answer)["status"] == "succeeded"


@pytest.mark.parametrize("code", [429, 500, 503])
def test_service_that_fails_twice_is_asked_again(tasks: RecipeApp, code: int) -> None:
    user_id = f"cem-{code}"
    tasks.services.fail(f"/users/{user_id}/sync", code, times=2)

    job = tasks.job(change(tasks, user_id))

    assert job["status"] == "succeeded"
    assert len(sent(tasks, user_id)) == 3
    assert stored(tasks, user_id)["synced_version"] == 1


def test_service_that_names_a_wait_gets_it(tasks: RecipeApp) -> None:
    tasks.services.fail("/users/eva/sync", 429, times=1, Retry_After="1")

    job = tasks.job(change(tasks, "eva"))

    first, second = tasks.services.on("/users/eva/sync")
    assert job["status"] == "succeeded"
    assert second.at - first.at >= 1  # without it the pause is shorter than 0.2 s


@pytest.mark.parametrize(("code", "calls"), [(503, 3), (400, 1)])
def test_service_that_keeps_failing_is_given_up_and_a_refusal_at_once(
    tasks: RecipeApp, code: int, calls: int
) -> None:
    user_id = f"dora-{code}"
    tasks.services.fail(f"/users/{user_id}/sync", code, times=calls)

    job = tasks.job(change(tasks, user_id))

    assert job["status"] == "failed"
    assert job["error"] == f"the sync service answered {code}"
    assert len(sent(tasks, user_id)) == calls
    assert stored(tasks, user_id)["synced_version"] == 0


def test_call_that_hangs_is_given_up_and_made_again(tasks: RecipeApp) -> None:
    with tasks.services.holding("/users/fay/sync"):
        answer = change(tasks, "fay")
        wait_until("the second call is made", lambda: len(sent(tasks, "fay")) > 1)

    assert tasks.job(answer)["status"] == "succeeded"
    assert stored(tasks, "fay")["synced_version"] == 1


def test_newer_change_stops_the_retries_of_an_older_one(tasks: RecipeApp) -> None:
    with tasks.services.holding("/users/gil/sync"):
        older = change(tasks, "gil", "dark")
        wait_until("the first call is made", lambda: sent(tasks, "gil"))
        newer = change(tasks, "gil", "light")
        replaced = tasks.job(older)

    assert replaced["status"] == "cancelled"
    assert replaced["error"] == "replaced by a newer change"
    assert tasks.job(newer)["result"] == {"version": 2}
    assert sent(tasks, "gil")[-1] == {"version": 2, "settings": {"theme": "light"}}
    assert [each["version"] for each in sent(tasks, "gil")].count(1) == 1


@pytest.mark.parametrize(
    ("user_id", "body", "field"),
    [
        ("a b", {"theme": "dark"}, "user_id"),
        ("x" * 65, {"theme": "dark"}, "user_id"),
        ("hal", {"theme": {"nested": True}}, "theme"),
        ("hal", {"theme": "x" * 1001}, "theme"),
        ("hal", {"": "dark"}, "body"),
        ("hal", {str(number): number for number in range(51)}, "body"),
        ("hal", ["dark"], "body"),
    ],
)
def test_bad_settings_are_refused_by_name(
    tasks: RecipeApp, user_id: str, body: object, field: str
) -> None:
    refused = tasks.http.post(f"/users/{user_id}/settings", json=body)

    assert refused.status_code == 422
    assert field in refused.json()["detail"][0]["loc"]
    assert tasks.http.get("/users/hal/settings").status_code == 404
