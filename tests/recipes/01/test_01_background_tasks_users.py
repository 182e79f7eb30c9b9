"""Several jobs behind one answer: their order, their errors, and the audit line."""

from pathlib import Path

import pytest

from tests.recipes.recipe_app import RecipeApp, register, run_recipe_app
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until


def test_failing_job_does_not_end_the_connection_of_the_next_request(background: RecipeApp) -> None:
    background.refuse_mail("cem@", 451)

    answer = register(background, "cem")
    again = background.http.get(answer.json()["jobs_url"])

    assert again.status_code == 200
    assert background.jobs(answer)[0]["status"] == "failed"


def test_deleting_a_user_leaves_an_audit_line(background: RecipeApp) -> None:
    user_id = register(background, "eve").json()["user_id"]

    deleted = background.http.delete(f"/users/{user_id}")
    again = background.http.delete(f"/users/{user_id}")

    assert deleted.status_code == 202
    assert background.job(deleted)["status"] == "succeeded"
    assert background.audit_lines(f"user {user_id}: delete") == [f"user {user_id}: delete"]
    assert again.status_code == 404
    assert again.json()["detail"] == f"no user with the user_id {user_id}"


def test_refused_request_leaves_its_audit_line_too(background: RecipeApp) -> None:
    before = background.audit_lines("/items")

    statuses = [
        background.http.post("/items", json={"name": name}).status_code
        for name in ("lamp", "lamp", "")
    ]

    assert statuses == [201, 409, 422]
    wait_until(
        "three audit lines are written",
        lambda: sorted(background.audit_lines("/items")[len(before) :]),
        lambda lines: lines == ["/items: done", "/items: refused", "/items: refused"],
    )


def test_jobs_that_a_forced_stop_cuts_off_are_on_record(tmp_path: Path, services: Receiver) -> None:
    arguments = ["--timeout-graceful-shutdown", "1"]
    with run_recipe_app(tmp_path, "01_background_tasks", services, uvicorn_args=arguments) as app:
        app.inbox.hold()
        register(app, "fay")
        wait_until("the e-mail waits", lambda: app.count_events("send_welcome_email", "started"))

        app.part.term()
        app.part.wait_exit()

        assert app.count_events("send_welcome_email", "interrupted") == 1
        assert app.count_events("write_audit_line", "interrupted") == 1


USER = {"username": "gil", "email": "gil@example.com"}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/users/register", USER | {"email": "gil"}, "email"),
        ("/users/register", USER | {"username": ""}, "username"),
        ("/users/register", USER | {"username": "gil\nuser 1: delete"}, "username"),
        ("/users/register", {"email": "gil@example.com"}, "username"),
        ("/items", {"name": "lamp\r\n"}, "name"),
        ("/notify", {"token": "a b", "title": "Hi", "body": ""}, "token"),
        ("/notify", {"token": "t", "title": "", "body": ""}, "title"),
        ("/reports/drafts", {"title": "T", "regions": {}}, "regions"),
        ("/reports/drafts", {"title": "T", "regions": {"north": -1}}, "regions"),
        (f"/images/{'0' * 32}/process", {"operations": ["explode"]}, "operations"),
        (f"/images/{'0' * 32}/process", {"operations": ["blur"], "width": 1}, "width"),
        ("/images/../process", {"operations": ["blur"]}, None),
        ("/images/1/process", {"operations": ["blur"]}, "image_id"),
    ],
)
def test_bad_input_is_refused_by_name(
    background: RecipeApp, path: str, body: dict[str, object], field: str | None
) -> None:
    refused = background.http.post(path, json=body)

    if field is None:
        assert refused.status_code == 404
    else:
        assert refused.status_code == 422
        assert field in refused.json()["detail"][0]["loc"]
