"""The hybrid: one public API, its jobs in the API process (01) or in Celery (03)."""

import pytest

from tests.recipes.recipe_app import RecipeApp, register


@pytest.fixture(params=["background", "celery"], ids=["01_background_tasks", "03_celery"])
def app(request: pytest.FixtureRequest) -> RecipeApp:
    chosen: RecipeApp = request.getfixturevalue(request.param)
    return chosen


def test_registering_sends_an_email_and_writes_an_audit_line(app: RecipeApp) -> None:
    answer = register(app, "hanna")

    assert answer.status_code == 201
    assert set(answer.json()) == {"user_id", "username", "email", "jobs_url"}
    jobs = app.jobs(answer)
    assert [job["name"] for job in jobs] == ["send_welcome_email", "write_audit_line"]
    assert [job["status"] for job in jobs] == ["succeeded", "succeeded"]
    [mail] = app.inbox.sent_to("hanna@example.com")
    assert (mail.subject, mail.task_id) == ("Welcome, hanna", jobs[0]["job_id"])
    user = f"user {answer.json()['user_id']}:"
    assert app.audit_lines(user) == [f"{user} register"]


def test_failing_email_does_not_drop_the_audit_line(app: RecipeApp) -> None:
    app.refuse_mail("ida@", 550)

    answer = register(app, "ida")

    email, line = app.jobs(answer)
    assert (email["status"], line["status"]) == ("failed", "succeeded")
    assert "refused 'ida@example.com': 550" in email["error"]
    user = f"user {answer.json()['user_id']}:"
    assert app.audit_lines(user) == [f"{user} register"]


def test_taken_username_is_refused_and_no_job_is_run(app: RecipeApp) -> None:
    app.jobs(register(app, "jan"))

    refused = register(app, "jan")

    assert refused.status_code == 409
    assert refused.json()["detail"] == "the username 'jan' is taken"
    app.jobs(register(app, "jana"))
    assert len(app.inbox.sent_to("jan@example.com")) == 1


def test_large_audit_log_turns_over(app: RecipeApp) -> None:
    log, older = app.data_dir / "audit.log", app.data_dir / "audit.1.log"
    with log.open("ab") as file:
        file.truncate(64 * 1024**2)  # LEDGER_MAX_BYTES; takes no room on the disk

    app.jobs(register(app, "kim"))
    answer = register(app, "lea")

    app.jobs(answer)
    user = f"user {answer.json()['user_id']}:"
    assert log.read_text().partition(" ")[2] == f"{user} register\n"
    assert older.stat().st_size > 64 * 1024**2
    older.unlink()
