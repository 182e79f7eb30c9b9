"""What the tests of the custom queue do again and again: start, block, kill, count."""

import os
import signal
from collections.abc import Iterator, Set
from contextlib import contextmanager
from typing import Any

import httpx

from scenarios import ledger
from tests.support.client import accepted_id
from tests.support.waiting import wait_until

from .recipe_app import RecipeApp

HOURS = 10**10  # primes up to here take minutes, longer than any test


def is_durable(app: RecipeApp) -> bool:
    """Tell whether the queue is kept in a file."""
    return app.approach.name == "04_custom_queue+sqlite"


def compute(app: RecipeApp, up_to: int = 1000, **fields: Any) -> httpx.Response:  # Any: JSON
    return app.http.post("/compute/", json={"up_to": up_to, **fields})


def email(
    app: RecipeApp, to: str, key: str | None = None, **when: Any
) -> httpx.Response:  # Any: JSON
    """Post an e-mail, for later if `when` says so."""
    fields = {"to": to, "subject": "Your order", "body": "It is on its way.\n", **when}
    headers = {"Idempotency-Key": key} if key else {}
    return app.http.post("/emails/later" if when else "/emails", json=fields, headers=headers)


def running(app: RecipeApp, task_id: str, but: Set[int] = frozenset()) -> int:
    """Wait until a task runs in a process that is none of `but`; return the process id."""
    seen = wait_until(
        f"{task_id} runs in a new process",
        lambda: app.api.read_task(task_id).ran_in,
        lambda ran_in: ran_in and ran_in.pid not in but,
    )
    assert seen
    return seen.pid


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@contextmanager
def blocked(app: RecipeApp) -> Iterator[str]:
    """Keep the one worker of a short queue busy until the end of the block."""
    task_id = accepted_id(compute(app, HOURS))
    app.api.wait_until_running(task_id)
    try:
        yield task_id
    finally:
        app.http.delete(f"/tasks/{task_id}")


def starts(app: RecipeApp, *task_ids: str) -> list[str]:
    """Return the ids of these tasks in the order in which their attempts began."""
    events = ledger.read(app.data_dir)
    begun = [each["task_id"] for each in events if each["event"] == "started"]
    return [task_id for task_id in begun if task_id in task_ids]


def names_of_events(app: RecipeApp, task_id: str) -> list[str]:
    """Return what the ledger tells about one task."""
    return [each["event"] for each in app.events(task_id)]


def kill_and_restart(app: RecipeApp) -> None:
    app.part.kill9()
    app.part.restart()


def fields_refused(answer: httpx.Response) -> set[str]:
    """Return the fields that a 422 names."""
    assert answer.status_code == 422, f"{answer.status_code}: {answer.text}"
    return {problem["loc"][-1] for problem in answer.json()["detail"]}
