"""What the tests of the custom queue do again and again: start, block, kill, count."""

import os
import signal
from collections.abc import Iterator, Set
from contextlib import contextmanager
from typing import Any

import httpx

from scenarios import ledger
from tests.support.waiting import wait_until

from .recipe_app import RecipeApp

HOURS = 10**10  # primes up to here take minutes, longer than any test


def is_durable(app: RecipeApp) -> bool:
    """Tell whether the queue is kept in a file."""
    return app.part.name.startswith("04_custom_queue+sqlite")


def compute(app: RecipeApp, up_to: int = 1000, **fields: Any) -> httpx.Response:  # Any: JSON
    return app.http.post("/compute/", json={"up_to": up_to, **fields})


def email(app: RecipeApp, to: str, **when: Any) -> httpx.Response:  # Any: JSON
    """Post an e-mail, for later if `when` says so."""
    fields = {"to": to, "subject": "Your order", "body": "It is on its way.\n", **when}
    return app.http.post("/emails/later" if when else "/emails", json=fields)


def accepted(answer: httpx.Response) -> str:
    """Return the id of the task that was taken."""
    assert answer.status_code == 202, f"{answer.status_code}: {answer.text}"
    return str(answer.json()["task_id"])


def task(app: RecipeApp, task_id: str) -> dict[str, Any]:  # Any: JSON
    [facts] = app.read(f"/tasks/{task_id}")
    return facts


def running(app: RecipeApp, task_id: str, but: Set[int] = frozenset()) -> int:
    """Wait until a task runs in a process that is none of `but`; return the process id."""
    seen = wait_until(
        f"{task_id} runs in a new process",
        lambda: task(app, task_id),
        lambda seen: seen["ran_in"] and seen["ran_in"]["pid"] not in but,
    )
    return int(seen["ran_in"]["pid"])


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@contextmanager
def blocked(app: RecipeApp) -> Iterator[str]:
    """Keep the one worker of a short queue busy until the end of the block."""
    task_id = accepted(compute(app, HOURS))
    wait_until("it runs", lambda: task(app, task_id)["status"] == "running")
    try:
        yield task_id
    finally:
        app.http.delete(f"/tasks/{task_id}")


def metrics(app: RecipeApp) -> dict[str, Any]:  # Any: JSON
    facts: dict[str, Any] = app.http.get("/metrics/queue").raise_for_status().json()
    return facts


def empty(app: RecipeApp) -> dict[str, Any]:  # Any: JSON
    """Wait until nothing waits or runs; return the metrics."""
    return wait_until(
        "nothing waits or runs",
        lambda: metrics(app),
        lambda seen: seen["queued"] + seen["running"] == 0,
    )


def starts(app: RecipeApp, *task_ids: str) -> list[str]:
    """Return the ids of these tasks in the order in which their attempts began."""
    events = ledger.read(app.data_dir)
    begun = [each["task_id"] for each in events if each["event"] == "started"]
    return [task_id for task_id in begun if task_id in task_ids]


def events(app: RecipeApp, task_id: str) -> list[str]:
    """Return what the ledger tells about one task."""
    return [each["event"] for each in ledger.read(app.data_dir) if each["task_id"] == task_id]


def kill_and_restart(app: RecipeApp) -> None:
    app.part.kill9()
    app.part.restart()


def fields_refused(answer: httpx.Response) -> set[str]:
    """Return the fields that a 422 names."""
    assert answer.status_code == 422, f"{answer.status_code}: {answer.text}"
    return {problem["loc"][-1] for problem in answer.json()["detail"]}
