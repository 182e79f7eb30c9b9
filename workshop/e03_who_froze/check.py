"""E3: the loop answers while the invoices are made; each is rendered once, after its answer."""

from workshop.app_under_check import App
from workshop.chance import some_count
from workshop.kit import Kit
from workshop.verdict import Missed, expect

EVENTS = ("rendered", "finished")
PINGS = 20
LIMIT_S = 0.5
PATIENCE_S = 3.0
QUIET_S = 1.5  # longer than an invoice takes: a second one would have come


def check(kit: Kit) -> None:
    app = kit.start()
    app.get("/ping", status=200)
    first, jobs = some_count(1, 9000), some_count(9, 12)
    numbers = range(first, first + jobs)

    posts = {n: app.later("POST", f"/invoices/{n}", status=202, timeout_s=30) for n in numbers}
    # Blocked seconds would keep this ping, or one of its followers, waiting.
    for _ in range(PINGS):
        ping(app, jobs)
    for post in posts.values():
        ping(app, jobs)
        post.result()
    for number in numbers:
        app.wait_event("finished", f"invoice {number} to be made", timeout_s=5, number=number)
    app.wait_quiet(QUIET_S)
    for number, post in posts.items():
        expect_one_invoice(app, number, post.result().answered_at)
    expect(not app.last_error(), "no error in the log", app.last_error())


def expect_one_invoice(app: App, number: int, answered_at: float) -> None:
    for what in ("rendered", "finished"):
        count = app.journal.count(what, number=number)
        expect(count == 1, f"each invoice {what} once", f"{count} for one invoice")
    rendered, finished = (app.journal.events(what, number=number)[0]["t"] for what in EVENTS)
    expect(rendered <= finished, "an invoice finished after it was rendered", "finished first")
    late = "the answer before the invoice is rendered"
    expect(answered_at < rendered, late, f"{answered_at - rendered:.1f} s after it")


def ping(app: App, jobs: int) -> None:
    expected = f"GET /ping in under {LIMIT_S:g} s while {jobs} invoices are made"
    try:
        spent_s = app.get("/ping", status=200, timeout_s=PATIENCE_S).seconds
    except Missed as missed:
        if missed.seen != "none":
            raise
        raise Missed(expected, f"no answer in {PATIENCE_S:g} s") from None
    expect(spent_s < LIMIT_S, expected, f"{spent_s:.1f} s")
