"""E3: the loop answers while the invoices are made; each is rendered once, after its answer."""

import time
from statistics import median

from workshop.app_under_check import Answer, App
from workshop.chance import some_count
from workshop.kit import Kit
from workshop.vendor import RENDER_S
from workshop.verdict import Missed, expect

EVENTS = ("rendered", "finished")
LIMIT_S = 0.5
PATIENCE_S = 3.0
LATE_S = 15.0
PAUSE_S = 0.02  # the processor is for the app
QUIET_S = 1.5  # longer than an invoice takes: a second one would have come


def check(kit: Kit) -> None:
    app = kit.start()
    app.get("/ping", status=200)
    first, jobs = some_count(1, 9000), some_count(9, 12)
    numbers = range(first, first + jobs)

    posts = {n: app.later("POST", f"/invoices/{n}", status=202, timeout_s=30) for n in numbers}
    pings, seen, since = [ping(app, jobs)], 0, time.monotonic()
    while seen < jobs:
        time.sleep(PAUSE_S)
        pings.append(ping(app, jobs))
        if made(app) > seen:
            seen, since = made(app), time.monotonic()
        late = time.monotonic() - since > LATE_S
        expect(not late, f"{jobs} invoices made", f"{seen}, and no other in {LATE_S:g} s")
    for post in posts.values():
        post.result()
    last = post_late(app, numbers.stop)
    app.wait_quiet(QUIET_S)
    for number, post in posts.items():
        expect_one_invoice(app, number, post.result().answered_at)
    expect_one_invoice(app, numbers.stop, last.answered_at)
    expect_answers_meanwhile(app, pings, jobs)
    expect(not app.last_error(), "no error in the log", app.last_error())


def post_late(app: App, number: int) -> Answer:
    """Ask for one more when all are made: whoever made them must still be there."""
    answer = app.post(f"/invoices/{number}", status=202)
    app.wait_until(
        "an invoice made that is asked for when the others are done",
        lambda: "made" if app.journal.count("finished", number=number) else "none",
        "made".__eq__,
        RENDER_S * 8,
    )
    return answer


def expect_one_invoice(app: App, number: int, answered_at: float) -> None:
    for what in ("rendered", "finished"):
        count = app.journal.count(what, number=number)
        expect(count == 1, f"each invoice {what} once", f"{count} for one invoice")
    rendered, finished = (app.journal.events(what, number=number)[0]["t"] for what in EVENTS)
    expect(rendered <= finished, "an invoice finished after it was rendered", "finished first")
    late = "the answer before the invoice is rendered"
    expect(answered_at < rendered, late, f"{answered_at - rendered:.1f} s after it")


def made(app: App) -> int:
    return app.journal.count("finished")


def expect_answers_meanwhile(app: App, pings: list[Answer], jobs: int) -> None:
    """Expect an answer within each second that an invoice takes: a busy machine is no freeze."""
    usual_s = median(each.seconds for each in pings)
    expect(usual_s < LIMIT_S, meanwhile(jobs), f"{usual_s:.1f} s")
    slowest = max(pings, key=lambda each: each.seconds)
    for event in app.journal.events("rendered")[:jobs]:
        during = [each for each in pings if 0 < event["t"] - each.answered_at < RENDER_S]
        expect(during, meanwhile(jobs), f"{slowest.seconds:.1f} s")


def ping(app: App, jobs: int) -> Answer:
    try:
        return app.get("/ping", status=200, timeout_s=PATIENCE_S)
    except Missed as missed:
        if missed.seen != "none":
            raise
        raise Missed(meanwhile(jobs), f"no answer in {PATIENCE_S:g} s") from None


def meanwhile(jobs: int) -> str:
    return f"GET /ping in under {LIMIT_S:g} s while {jobs} invoices are made"
