"""E9: equal jobs are printed in the order in which they came, urgent ones before them."""

from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import expect

EQUAL = [f"page-{number}" for number in range(50)]
MIXED = [("low-1", 9), ("low-2", 9), ("high-1", 0), ("high-2", 0), ("middle", 5)]


def check(kit: Kit) -> None:
    app = kit.start()

    hold_the_printer(app, "first", 1)
    for name in EQUAL:
        app.post("/jobs", status=202, json={"name": name})
    app.wait_event("printed", f"{EQUAL[-1]} to be printed", name=EQUAL[-1])
    order = printed(app)[1:]
    wrong = next((pair for pair in zip(EQUAL, order, strict=False) if pair[0] != pair[1]), None)
    expected = f"{len(EQUAL)} equal jobs printed in the order in which they came"
    expect(order == EQUAL, expected, f"{wrong[1]} before {wrong[0]}" if wrong else f"{len(order)}")

    hold_the_printer(app, "second", 1)
    for name, priority in MIXED:
        app.post("/jobs", status=202, json={"name": name, "priority": priority})
    app.wait_event("printed", "the last job to be printed", name="low-2")
    app.wait_event("printed", "the last job to be printed", name="high-2")
    order = printed(app)[-len(MIXED) :]
    expect(order == ["high-1", "high-2", "middle", "low-1", "low-2"], "high before low", order)


def hold_the_printer(app: App, name: str, seconds: float) -> None:
    app.post("/jobs", status=202, json={"name": name, "seconds": seconds})
    app.wait_event("started", f"job {name} to start", name=name)


def printed(app: App) -> list[str]:
    return [event["name"] for event in app.journal.events("printed")]
