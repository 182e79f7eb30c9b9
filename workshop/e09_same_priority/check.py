"""E9: equal jobs are printed in the order in which they came, urgent ones before them."""

import operator
from functools import partial
from typing import Any

from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import expect

EQUAL = [f"page-{number}" for number in range(50)]
MIXED = [("low-1", 9), ("low-2", 9), ("high-1", 0), ("high-2", 0), ("middle", 5)]
BUSY_S = (1, 5, 20)


def check(kit: Kit) -> None:
    app = kit.start()

    order = print_while_busy(app, [{"name": name} for name in EQUAL])
    wrong = next((pair for pair in zip(EQUAL, order, strict=False) if pair[0] != pair[1]), None)
    expected = f"{len(EQUAL)} equal jobs printed in the order in which they came"
    expect(order == EQUAL, expected, f"{wrong[1]} before {wrong[0]}" if wrong else f"{len(order)}")

    order = print_while_busy(app, [{"name": name, "priority": each} for name, each in MIXED])
    expect(order == ["high-1", "high-2", "middle", "low-1", "low-2"], "high before low", order)


def print_while_busy(app: App, jobs: list[dict[str, Any]]) -> list[str]:
    """Post the jobs while the printer has another one; return the order in which they came out.

    If all this took longer than that other job, it is done once more with a longer one.
    """
    for seconds in BUSY_S:
        before = len(printed(app))
        app.post("/jobs", status=202, json={"name": f"busy-{seconds}", "seconds": seconds})
        app.wait_event("started", "the first job to start", name=f"busy-{seconds}")
        for job in jobs:
            app.post("/jobs", status=202, json=job)
        was_busy = len(printed(app)) == before
        all_of_them = partial(operator.le, before + 1 + len(jobs))
        expected = f"{len(jobs)} more jobs printed"
        app.wait_until(expected, lambda: len(printed(app)), all_of_them, timeout_s=10 + seconds)
        if was_busy:
            break
    return printed(app)[-len(jobs) :]


def printed(app: App) -> list[str]:
    return [event["name"] for event in app.journal.events("printed")]
