"""E6: a job in progress holds no connection, writes its row, and gives back what it took."""

import time

from workshop.app_under_check import App
from workshop.chance import some_count, some_names
from workshop.journal import Journal
from workshop.kit import Kit
from workshop.verdict import expect

JOB_S = 1.5
WARE_S = 6.0  # until the warehouse has answered, on a busy machine too
HELD_S = 1.0  # a connection that waits for the warehouse is held for longer
CROWD = 12  # ask at the same time


def check(kit: Kit) -> None:
    app = kit.start()
    first, *others = some_names(some_count(3, 4))

    post_order(app, first)
    seen = app.get(f"/orders/{first}", status=200).get("status")
    waited = app.journal.count("confirmed") > 0
    expected = "GET /orders/<id> to be answered while the job runs"
    expect(not waited, expected, "an answer only after it")
    expect(seen == "open", "status open while the job runs", repr(seen))
    time.sleep(JOB_S / 2)
    for name in others:
        post_order(app, name)
    is_taken = sees_connection_of_job(app, first)
    app.wait_status(f"/orders/{first}", "status", {"confirmed"}, timeout_s=WARE_S)
    for name in others:
        expect_no_foreign_confirmation(app, name)
    expect_answers_for_a_crowd(app, others)
    for name in (first, *others):
        app.wait_status(f"/orders/{name}", "status", {"confirmed"}, timeout_s=WARE_S)
        count = app.journal.count("confirmed", order_id=name)
        expect(count == 1, "each order confirmed once", count)
    expect_modest_use(app.journal)
    expect(is_taken, "the job to take its connection from `connect`", "one past it")

    app.part.kill9(group=True)
    app.part.launch()
    kit.wait_ready(app)
    for name in (first, *others):
        seen = app.get(f"/orders/{name}", status=200).get("status")
        expect(seen == "confirmed", "the row in the database after a restart", repr(seen))


def post_order(app: App, name: str) -> None:
    """Post an order; with the connection held by a job it would wait for that job."""
    answer = app.post(f"/orders/{name}", status=202)
    expected = "POST /orders/<id> to be answered while jobs run"
    expect(answer.seconds < HELD_S, expected, f"an answer after {answer.seconds:.1f} s")


def sees_connection_of_job(app: App, name: str) -> bool:
    """Ask for nothing until the job ends: whatever is connected meanwhile is its own."""
    before = app.journal.count("connected")

    def is_connected() -> bool:
        return app.journal.count("connected") > before

    app.wait_quiet(JOB_S + 1, lambda: app.journal.count("confirmed", order_id=name) > 0)
    app.wait_quiet(JOB_S + 1, is_connected)  # it may say that it has confirmed before it writes
    return is_connected()


def expect_no_foreign_confirmation(app: App, name: str) -> None:
    """Expect a row to be confirmed by the job of its own order."""
    if app.get(f"/orders/{name}", status=200).get("status") == "confirmed":
        time.sleep(JOB_S / 4)  # the line of the job itself comes right behind
        expected = "a row confirmed by the job of its own order"
        own = app.journal.count("confirmed", order_id=name)
        expect(own, expected, "one that another job has confirmed")


def expect_answers_for_a_crowd(app: App, names: list[str]) -> None:
    """Ask from many sides until the jobs are done: each waits for its turn, the jobs too."""
    until = time.monotonic() + JOB_S
    while time.monotonic() < until:
        crowd = [app.later("GET", f"/orders/{names[0]}", status=200) for _ in range(CROWD)]
        for each in crowd:
            each.result()
        if all(app.journal.count("confirmed", order_id=name) for name in names):
            return


def expect_modest_use(journal: Journal) -> None:
    opened: list[float] = []
    most, longest_s = 0, 0.0
    for event in journal.events():
        if event["event"] == "connected":
            opened.append(event["t"])
        elif event["event"] == "returned":
            longest_s = max(longest_s, event["t"] - opened.pop(0))
        most = max(most, len(opened))
    expect(not opened, "every connection to be returned", f"{len(opened)} still open")
    expect(most == 1, "one connection open at a time, as the database allows", most)
    expected = f"no connection held for {HELD_S:g} s"
    expect(longest_s < HELD_S, expected, f"one held for {longest_s:.1f} s")
