"""E3: the loop answers while ten invoices are made, and all of them are made."""

from workshop.kit import Kit
from workshop.verdict import expect

JOBS = 10
PINGS = 20
LIMIT_S = 0.5


def check(kit: Kit) -> None:
    app = kit.start()
    app.get("/ping", status=200)

    posts = [app.later("POST", f"/invoices/{n}", status=202, timeout_s=30) for n in range(JOBS)]
    # Ten blocked seconds would keep this ping, or one of its followers, waiting.
    pings = [app.get("/ping", status=200, timeout_s=30).seconds for _ in range(PINGS)]
    for post in posts:
        pings.append(app.get("/ping", status=200, timeout_s=30).seconds)
        post.result()
    slowest = max(pings)
    expected = f"GET /ping in under {LIMIT_S:g} s while {JOBS} invoices are made"
    expect(slowest < LIMIT_S, expected, f"{slowest:.1f} s for the slowest of them")

    for number in range(JOBS):
        app.wait_event("finished", f"invoice {number} to be made", number=number)
    count = app.journal.count("finished")
    expect(count == JOBS, f"{JOBS} invoices, each made once", count)
