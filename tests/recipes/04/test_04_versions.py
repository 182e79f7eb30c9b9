"""A task that an older release has left in the file is translated; what nobody knows is refused."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.recipes.recipe_app import RecipeApp, run_recipe_app
from tests.recipes.waiting_line import HOURS, compute, names_of_events, running
from tests.support.client import accepted_id
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, services: Receiver) -> Iterator[RecipeApp]:
    folder = tmp_path_factory.mktemp("04-versions")
    env = {"QUEUE_WORKERS": "1", "QUEUE_LEASE_S": "1"}
    with run_recipe_app(folder, "04_custom_queue+sqlite", services, env) as app:
        yield app


@pytest.mark.parametrize(
    ("facts", "status", "result"),
    [
        pytest.param(
            {"account": "DE02", "euros": 12.5},
            "succeeded",
            {"account": "DE02", "cents": 1250},
            id="from before there were versions",
        ),
        pytest.param(
            {"version": 0, "account": "DE02", "euros": 12.5}, "failed", None, id="too old"
        ),
    ],
)
def test_task_of_an_older_release_is_translated_or_refused(
    app: RecipeApp, facts: dict[str, Any], status: str, result: dict[str, Any] | None
) -> None:
    long = accepted_id(compute(app, HOURS))
    running(app, long)
    task_id = accepted_id(app.http.post("/refunds", json={"account": "DE02", "cents": 1250}))
    app.part.kill9()  # the deploy
    with closing(sqlite3.connect(app.part.env["QUEUE_DB"])) as database, database:
        rewrite = "UPDATE tasks SET arguments = ? WHERE task_id = ?"
        database.execute(rewrite, (json.dumps(facts), task_id))
    app.part.restart()
    app.http.delete(f"/tasks/{long}")

    job = wait_until(
        "it has ended",
        lambda: app.api.read_task(task_id),
        lambda seen: seen.status.is_final,
    )

    assert (job.status, job.result) == (status, result)
    assert names_of_events(app, task_id).count("effect") == (status == "succeeded")
