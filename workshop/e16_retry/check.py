"""E16: what may pass is tried four times with growing pauses, what stays is tried once."""

from functools import partial
from itertools import pairwise

from redis import Redis

from workshop import broker
from workshop.app_under_check import App
from workshop.chance import shuffled, some_count, some_names
from workshop.kit import Kit
from workshop.verdict import expect

LEAST_S = [0.9, 1.9, 3.9]  # what 1, 2 and 4 seconds are at the least
SOON_S = 3.0  # two processes that sleep a second for each full mailbox need longer
MOST_S = 14.0  # 12, and some for a worker that is busy


def check(kit: Kit) -> None:
    kit.start_valkey()
    app = kit.start()
    kit.start_worker()
    full, gone = some_names(some_count(6, 7), "full-"), some_names(2, "nobody-")
    good = some_names(some_count(2, 3), "ann-")
    [twice] = some_names(1, "full-")  # tries belong to an e-mail, not to its address
    # Whoever waits in the worker is in the way of the good ones.
    posted_at = {}
    for to in (*shuffled([*full, *gone, twice, twice]), *good):
        posted_at[to] = app.post(f"/emails/{to}", status=202).answered_at

    def are_tried() -> bool:
        return count_tries(app, twice) > 7 and all(count_tries(app, to) > 3 for to in full)

    app.wait_quiet(MOST_S, are_tried)
    expect(app.journal.count("tried"), "e-mails tried by the worker", "none")
    for to in good:
        sent_at = [event["t"] for event in app.journal.events("sent", to=to)]
        expect(len(sent_at) == 1, "each e-mail that can be sent, sent once", len(sent_at))
        expected = f"an e-mail that can be sent, sent within {SOON_S:g} s, while others wait"
        late_s = sent_at[0] - posted_at[to]
        expect(late_s < SOON_S, expected, f"{late_s:.1f} s behind its post")
    for to in full:
        tries = count_tries(app, to)
        expected = "4 tries for an address whose mailbox is full"
        expect(tries > 3, expected, f"{tries}, and nothing new for {MOST_S:g} s")
        expect_growing_pauses(app, to)
    tries = count_tries(app, twice)
    expect(tries == 8, "4 tries for each of two e-mails to one address, 8 together", tries)
    for to in (*full, *gone, twice):
        sent = app.journal.count("sent", to=to)
        expect(sent == 0, "no e-mail where it cannot be delivered", sent)
    for to in gone:
        tries = count_tries(app, to)
        expect(tries == 1, "1 try for an address that does not exist", tries)
    for to in good:
        tries = count_tries(app, to)
        expect(tries == 1, "1 try for an e-mail that was sent", tries)
    with Redis.from_url(kit.redis_url) as redis:
        app.wait_until(
            "no further retry to be planned after the fourth try",
            partial(broker.count_left, redis),
            lambda left: left == 0,
            3,
        )


def count_tries(app: App, to: str) -> int:
    return app.journal.count("tried", to=to)


def expect_growing_pauses(app: App, to: str) -> None:
    moments = [event["t"] for event in app.journal.events("tried", to=to)]
    expect(len(moments) == 4, "1 try and 3 retries for a full mailbox", len(moments))
    pauses = [after - before for before, after in pairwise(moments)]
    enough = all(pause >= least for pause, least in zip(pauses, LEAST_S, strict=True))
    seen = ", ".join(f"{pause:.1f}" for pause in pauses)
    expect(enough, "pauses of at least 1, 2 and 4 s between the tries", f"{seen} s")
    expect(max(pauses) < MOST_S, "no pause longer than 12 s", f"{seen} s")
