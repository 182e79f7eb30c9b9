"""E3: the loop answers while ten invoices are made, and all of them are made."""

from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import Missed, expect

JOBS = 10
PINGS = 20
LIMIT_S = 0.5
PATIENCE_S = 3.0


def check(kit: Kit) -> None:
    app = kit.start()
    app.get("/ping", status=200)

    posts = [app.later("POST", f"/invoices/{n}", status=202, timeout_s=30) for n in range(JOBS)]
    # Ten blocked seconds would keep this ping, or one of its followers, waiting.
    for _ in range(PINGS):
        ping(app)
    for post in posts:
        ping(app)
        post.result()

    for number in range(JOBS):
        app.wait_event("finished", f"invoice {number} to be made", timeout_s=5, number=number)
    count = app.journal.count("finished")
    expect(count == JOBS, f"{JOBS} invoices, each made once", count)


def ping(app: App) -> None:
    expected = f"GET /ping in under {LIMIT_S:g} s while {JOBS} invoices are made"
    try:
        spent_s = app.get("/ping", status=200, timeout_s=PATIENCE_S).seconds
    except Missed as missed:
        if missed.seen != "none":
            raise
        raise Missed(expected, f"no answer in {PATIENCE_S:g} s") from None
    expect(spent_s < LIMIT_S, expected, f"{spent_s:.1f} s")
