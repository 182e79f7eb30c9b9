"""Periodic jobs: one run after the other, listed, stopped, and taken up after a restart."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.recipes.recipe_app import RecipeApp
from tests.recipes.waiting_line import (
    fields_refused,
    is_durable,
    kill_and_restart,
    starts,
)
from tests.support.client import accepted_id
from tests.support.waiting import wait_until


def probe(app: RecipeApp, source: str, every_s: float = 0.1, key: str = "") -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"source": source, "every_s": every_s}
    return app.http.post("/probes", json=body, headers=headers)


def probes(app: RecipeApp) -> dict[str, dict[str, Any]]:  # Any: JSON
    """Return the probes that go on, by the ids of their tasks."""
    found = app.http.get("/probes").raise_for_status().json()
    return {each["task_id"]: each for each in found}


def after_runs(app: RecipeApp, task_id: str, runs: int) -> dict[str, Any]:  # Any: JSON
    """Wait until a probe has run so often."""
    return wait_until(
        f"{task_id} has run {runs} times",
        lambda: probes(app)[task_id],
        lambda state: state["runs"] >= runs,
    )


def asked(app: RecipeApp, source: str) -> int:
    return len(app.services.on(f"/sources/{source}"))


@pytest.fixture(autouse=True)
def no_probe_stays(queue: RecipeApp) -> Iterator[None]:
    yield
    for task_id in probes(queue):
        queue.http.delete(f"/tasks/{task_id}")


def test_probe_asks_again_and_again_as_one_task(queue: RecipeApp) -> None:
    before = asked(queue, "rates")
    answer = probe(queue, "rates")
    task_id = accepted_id(answer)

    state = after_runs(queue, task_id, 3)

    assert answer.headers["Location"] == state["status_url"] == f"/tasks/{task_id}"
    assert (state["source"], state["every_s"]) == ("rates", 0.1)
    assert (state["failures"], state["last_error"]) == (0, None)
    assert asked(queue, "rates") - before >= 3
    assert list(probes(queue)) == [task_id]


def test_probe_that_is_stopped_asks_no_more(queue: RecipeApp) -> None:
    task_id, other = (accepted_id(probe(queue, source)) for source in ("rates", "stock"))
    after_runs(queue, task_id, 1)

    stopped = queue.http.delete(f"/tasks/{task_id}")
    begun = len(starts(queue, task_id))
    runs = probes(queue)[other]["runs"]
    after_runs(queue, other, runs + 3)

    assert stopped.status_code == 202
    assert queue.api.read_task(task_id).status == "cancelled"
    assert list(probes(queue)) == [other]
    assert len(starts(queue, task_id)) == begun


def test_runs_neither_overlap_nor_pile_up(queue: RecipeApp) -> None:
    before = asked(queue, "weather")
    with queue.services.holding("/sources/weather"):
        slow, quick = (accepted_id(probe(queue, source)) for source in ("weather", "stock"))
        wait_until("the service is asked", lambda: asked(queue, "weather") > before)
        runs = probes(queue)[quick]["runs"]
        after_runs(queue, quick, runs + 5)
        meanwhile = asked(queue, "weather") - before
        begun, released_at = len(starts(queue, slow)), time.time()
    state = after_runs(queue, slow, 1)

    assert (meanwhile, begun) == (1, 1)
    assert state["due"] > released_at  # the times that passed meanwhile are left out


def test_failure_is_noted_and_the_probe_goes_on(queue: RecipeApp) -> None:
    queue.services.fail("/sources/rates", 503, times=2)
    task_id = accepted_id(probe(queue, "rates"))

    failing = wait_until(
        "two runs failed",
        lambda: probes(queue)[task_id],
        lambda state: state["failures"] == 2,
    )
    state = after_runs(queue, task_id, 3)

    assert failing["last_error"] in ("the source 'rates' answered 503", None)
    assert (state["failures"], state["last_error"]) == (2, None)
    assert queue.api.read_task(task_id).error is None


def test_same_key_starts_one_probe(queue: RecipeApp) -> None:
    ids = {accepted_id(probe(queue, "rates", key="one probe")) for _ in range(2)}

    assert set(probes(queue)) == ids
    assert len(ids) == 1


def test_restart_ends_it_in_memory_and_not_on_disk(queue: RecipeApp) -> None:
    task_id = accepted_id(probe(queue, "stock"))
    runs = after_runs(queue, task_id, 2)["runs"]

    kill_and_restart(queue)

    if is_durable(queue):
        after_runs(queue, task_id, runs + 2)
        assert list(probes(queue)) == [task_id]
    else:
        assert probes(queue) == {}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"every_s": 1}, "source"),
        ({"source": "http://127.0.0.1:1/", "every_s": 1}, "source"),
        ({"source": "rates"}, "every_s"),
        ({"source": "rates", "every_s": 0}, "every_s"),
        ({"source": "rates", "every_s": 10**9}, "every_s"),
        ({"source": "rates", "every_s": "often"}, "every_s"),
    ],
)
def test_bad_probe_is_refused_by_name(queue: RecipeApp, body: dict[str, Any], field: str) -> None:
    assert fields_refused(queue.http.post("/probes", json=body)) == {field}
