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
    expected = f"{len(equal)} equal jobs printed in the order in which they came"
    expect_sorted(print_while_busy(app, equal), equal, expected)

    levels = shuffled([0, 0, 1, 2, 4, 4, 5, 6, 8, 9, 9, 9])
    mixed = list(zip(some_names(len(levels), "job-"), levels, strict=True))
    expected = "every priority before the next one, and equal ones as they came"
    expect_sorted(print_while_busy(app, mixed), mixed, expected)
    expect_order_of_later_ones(app)


def expect_sorted(order: list[str], jobs: Jobs, expected: str) -> None:
    wanted = [name for name, _ in sorted(jobs, key=operator.itemgetter(1))]
    wrong = next((pair for pair in zip(wanted, order, strict=False) if pair[0] != pair[1]), None)
    level = dict(jobs)
    seen = f"{len(order)} jobs printed"
    if wrong:
        seen = " before ".join(f"{name} (priority {level.get(name)})" for name in reversed(wrong))
    expect(order == wanted, expected, seen)


def expect_order_of_later_ones(app: App) -> None:
    """Post more jobs, and an urgent one, while the first ones are being printed."""
    early, late, urgent = some_names(12, "early-"), some_names(8, "late-"), some_name("urgent-")
    for name in early:
        app.post("/jobs", status=202, json={"name": name, "seconds": 0.15})
    app.wait_event("started", "the fifth of them to start", name=early[4])
    for name in late:
        app.post("/jobs", status=202, json={"name": name})
    app.post("/jobs", status=202, json={"name": urgent, "priority": 0})
    begun = {event["name"] for event in app.journal.events("started")}
    names = {*early, *late, urgent}
    app.wait_until(
        "jobs that came later to be printed",
        lambda: len(names.intersection(printed(app))),
        lambda count: count == len(names),
        10,
    )
    order = [name for name in printed(app) if name in names]
    before = next((name for name in order[: order.index(urgent)] if name not in begun), None)
    expected = "a job of priority 0 before those that wait when it comes"
    expect(not before, expected, f"{before} (priority 5) before {urgent} (priority 0)")
    order.remove(urgent)
    expected = "equal jobs printed as they came, also those that come while others are printed"
    expect_sorted(order, [(name, 5) for name in (*early, *late)], expected)


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
