"""E18: what may pass is tried four times with growing pauses, what stays is tried once."""

from itertools import pairwise

from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import expect

FULL = ["full-1", "full-2", "full-3", "full-4"]
PAUSES_S = [0.9, 1.9, 3.9]  # what 1, 2 and 4 seconds are at the least
QUIET_S = 9.0  # pauses of 2, 4 and 8 s are right as well


def check(kit: Kit) -> None:
    kit.start_valkey()
    app = kit.start()
    kit.start_worker()
    for to in ("ann", "nobody", *FULL):
        app.post(f"/emails/{to}", status=202)

    app.wait_event("sent", "the e-mail to ann to be sent", to="ann")
    app.wait_quiet(QUIET_S, lambda: all(count_tries(app, to) > 3 for to in FULL))
    for to in FULL:
        seen = count_tries(app, to)
        expected = f"4 tries for {to}, whose mailbox is full"
        expect(seen > 3, expected, f"{seen}, and nothing new for {QUIET_S:g} s")
    runs = count_tries(app, "nobody")
    expect(runs == 1, "1 try for an address that does not exist", runs)
    for to in FULL:
        expect_growing_pauses(app, to)


def count_tries(app: App, to: str) -> int:
    return app.journal.count("tried", to=to)


def expect_growing_pauses(app: App, to: str) -> None:
    moments = [event["t"] for event in app.journal.events("tried", to=to)]
    expect(len(moments) == 4, f"1 try and 3 retries for {to}", len(moments))
    pauses = [after - before for before, after in pairwise(moments)]
    enough = all(pause >= least for pause, least in zip(pauses, PAUSES_S, strict=True))
    seen = ", ".join(f"{pause:.1f}" for pause in pauses)
    expect(enough, "pauses of at least 1, 2 and 4 s between the tries", f"{seen} s")
