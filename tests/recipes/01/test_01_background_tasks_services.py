"""Calls of other services from a background task: key, status, and a client that blocks."""

import json

import httpx
import pytest

from tests.recipes.recipe_app import RecipeApp
from tests.support.waiting import wait_until


def notify(app: RecipeApp, token: str = "device-1") -> httpx.Response:
    return app.http.post("/notify", json={"token": token, "title": "Hello", "body": "It works"})


def test_push_carries_the_key_and_no_record_does(background: RecipeApp) -> None:
    answer = notify(background)

    job = background.job(answer)
    assert job["status"] == "succeeded"
    pushed = background.services.on("/push")[-1]
    assert json.loads(pushed.body)["to"] == "device-1"
    assert pushed.headers["authorization"] == "Bearer the-push-key"
    ledger = (background.data_dir / "ledger.jsonl").read_text()
    assert "the-push-key" not in answer.text + str(job) + ledger + background.part.log_text()


@pytest.mark.parametrize("code", [302, 401, 404, 500])
def test_push_that_is_not_taken_is_on_record(background: RecipeApp, code: int) -> None:
    background.services.fail("/push", code, times=1)

    refused, next_one = background.job(notify(background)), background.job(notify(background))

    assert refused["status"] == "failed"
    assert refused["error"] == f"the push service answered {code}"
    assert next_one["status"] == "succeeded"


def test_push_service_that_hangs_is_given_up(background: RecipeApp) -> None:
    with background.services.holding("/push"):
        job = background.job(notify(background))

    assert job["status"] == "failed"
    assert job["error"] == "the push service did not answer: ReadTimeout"


def test_client_that_blocks_does_not_stop_the_event_loop(background: RecipeApp) -> None:
    background.http.post("/items", json={"name": "kept"})
    wait_until("there is an audit log", lambda: background.audit_lines("/items"))

    with background.services.holding("/backup"):
        answer = background.http.post("/backups")
        wait_until("the upload waits", lambda: background.services.on("/backup"))
        health = background.http.get("/healthz")

        [job] = background.read(answer.json()["jobs_url"])
        assert health.status_code == 200
        assert job["status"] == "running"
        assert job["ran_in"]["thread"] != "MainThread"

    assert background.job(answer)["status"] == "succeeded"
    sent = background.services.on("/backup")[-1].body
    assert (background.data_dir / "audit.log").read_bytes().startswith(sent)
    assert b"/items" in sent


def test_backup_of_nothing_is_refused(background: RecipeApp) -> None:
    log = background.data_dir / "audit.log"
    log.touch()
    kept = log.rename(log.with_suffix(".kept"))

    refused = background.http.post("/backups")
    kept.rename(log)

    assert refused.status_code == 409
    assert "no audit log" in refused.json()["detail"]
