"""E10: equal jobs are printed in the order in which they came, each level before the next."""

import operator
from functools import partial

from workshop.app_under_check import App
from workshop.chance import shuffled, some_count, some_name, some_names
from workshop.kit import Kit
from workshop.verdict import expect

BUSY_S = (1, 5, 20)
Jobs = list[tuple[str, int]]  # name and priority


def check(kit: Kit) -> None:
    app = kit.start()

    equal = [(name, 5) for name in some_names(some_count(40, 50), "page-")]
    expect_order(app, equal, f"{len(equal)} equal jobs printed in the order in which they came")

    levels = shuffled([0, 0, 1, 2, 4, 4, 5, 6, 8, 9, 9, 9])
    mixed = list(zip(some_names(len(levels), "job-"), levels, strict=True))
    expect_order(app, mixed, "every priority before the next one, and equal ones as they came")


def expect_order(app: App, jobs: Jobs, expected: str) -> None:
    wanted = [name for name, _ in sorted(jobs, key=operator.itemgetter(1))]
    order = print_while_busy(app, jobs)
    wrong = next((pair for pair in zip(wanted, order, strict=False) if pair[0] != pair[1]), None)
    level = dict(jobs)
    seen = f"{len(order)} jobs printed"
    if wrong:
        seen = " before ".join(f"{name} (priority {level.get(name)})" for name in reversed(wrong))
    expect(order == wanted, expected, seen)


def print_while_busy(app: App, jobs: Jobs) -> list[str]:
    """Post the jobs while the printer has another one; return the order in which they came out.

    If all this took longer than that other job, it is done once more with a longer one.
    """
    for seconds in BUSY_S:
        before = len(printed(app))
        busy = some_name("busy-")
        app.post("/jobs", status=202, json={"name": busy, "seconds": seconds})
        app.wait_event("started", "the first job to start", name=busy)
        for name, priority in jobs:
            app.post("/jobs", status=202, json={"name": name, "priority": priority})
        was_busy = len(printed(app)) == before
        all_of_them = partial(operator.le, before + 1 + len(jobs))
        expected = f"{len(jobs)} more jobs printed"
        app.wait_until(expected, lambda: len(printed(app)), all_of_them, timeout_s=10 + seconds)
        if was_busy:
            break
    return printed(app)[-len(jobs) :]


def printed(app: App) -> list[str]:
    return [event["name"] for event in app.journal.events("printed")]
