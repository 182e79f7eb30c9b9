"""Nobody runs the queue for longer than anything is kept: with a file nothing accepted is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.load.samples import make_orders
from tests.recipes.recipe_app import RecipeApp, run_recipe_app
from tests.recipes.waiting_line import blocked, names_of_events
from tests.support.ages import set_back_all_ages
from tests.support.client import accepted_id
from tests.support.png import flat_png
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until

SHORT = {"RESULT_TTL_S": "1", "QUEUE_WORKERS": "1", "QUEUE_LEASE_S": "1"}


def files_of(app: RecipeApp, task_ids: list[str]) -> list[str]:
    """Return the names of all files that belong to these tasks."""
    found = [path.name for path in app.data_dir.rglob("*") if path.is_file()]
    return [name for name in found if any(task_id in name for task_id in task_ids)]


@pytest.fixture
def app(tmp_path: Path, services: Receiver) -> Iterator[RecipeApp]:
    with run_recipe_app(tmp_path, "04_custom_queue+sqlite", services, SHORT) as app:
        yield app


def test_jobs_of_a_day_ago_are_done_and_then_all_of_them_goes(app: RecipeApp) -> None:
    with blocked(app):
        answers = [
            app.api.post_report(make_orders(20).csv),
            app.api.post_image(flat_png(64, 48), ["grayscale"], 32),
            app.api.post_email("ann@example.com"),
        ]
        task_ids = [accepted_id(answer) for answer in answers]
        app.part.kill9()
        set_back_all_ages(app.data_dir)
        app.part.restart()

    def ends() -> list[str]:
        return [names_of_events(app, task_id)[-1] for task_id in task_ids]

    wait_until("all are done", ends, lambda seen: seen == ["finished"] * 3)
    wait_until("nothing of them is left", lambda: files_of(app, task_ids), lambda left: not left)
    known = [app.http.get(f"/tasks/{task_id}").status_code for task_id in task_ids]

    assert known == [404] * 3
    assert len(app.inbox.sent_to("ann@example.com")) == 1
