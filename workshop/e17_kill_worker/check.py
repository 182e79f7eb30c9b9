"""E17: the whole worker group is killed mid-job and started again; every film gets made."""

import operator
import os
import signal
import time
from contextlib import suppress
from functools import partial
from typing import Any

from redis import Redis

from lab.processes.part import Part
from workshop import broker
from workshop.app_under_check import App
from workshop.chance import shuffled, some_count
from workshop.kit import Kit
from workshop.verdict import Missed, expect

BACK_S = 5.0  # the README says so
SLACK_S = 6.0  # until a process has time for it
QUIET_S = 12.0
LEFT_S = 15.0
SETTLE_S = 1.2
START_S = 2.0
FEW = 2
PROCESSES = 2
MOST_HELD = PROCESSES + 1


def check(kit: Kit) -> None:
    kit.start_valkey()
    app = kit.start()
    worker = kit.start_worker(concurrency=PROCESSES)
    numbers = shuffled(range(some_count(1, 50), some_count(58, 60)))[: some_count(9, 11)]
    for number in numbers:
        app.post(f"/films/{number}", status=202)

    held = watch_held(kit, app, 1)
    makers = {event["pid"] for event in app.journal.events("started")}
    expect(app.part.pid not in makers, "films made by the worker", "films made by the API")
    started = len(app.journal.events("started"))
    app.wait_until(
        "another film to begin", lambda: len(app.journal.events("started")), started.__lt__, 5
    )
    wait_settled(kit, app, len(numbers))
    worker.kill9(group=True)
    killed_at = time.monotonic()
    with Redis.from_url(kit.redis_url) as redis:
        # A worker that dies while it looks for lost films keeps others from it for five minutes.
        redis.delete("unacked_mutex")
        lost = {event["number"] for event in app.journal.events("started")} - finished(app)
        restart(kit, worker, redis)
    ready_at = time.monotonic()
    alone = kill_one(app, worker, killed_at)

    app.wait_quiet(QUIET_S, lambda: len(finished(app)) == len(numbers))
    expected = "a film made again whose process alone was killed, while its worker lived"
    expect(set(numbers) - finished(app) != {alone}, expected, "it is lost")
    made = len(finished(app))
    expected = f"{len(numbers)} of {len(numbers)} films made after kill -9 of the worker"
    expect(made == len(numbers), expected, f"{made}, and nothing new for {QUIET_S:g} s")
    expect_each_once(kit, app, numbers)
    for number in lost - {alone}:
        again_at = app.journal.events("started", number=number)[-1]["t"]
        late_s = again_at - max(killed_at + BACK_S, ready_at)
        expected = f"a lost film to begin again within {BACK_S:g} s"
        expect(late_s < SLACK_S, expected, f"{again_at - killed_at:.1f} s after the kill")
    expected = f"a worker of {PROCESSES} processes to hold no more than {MOST_HELD} films at once"
    expect(held <= MOST_HELD, expected, f"{held}, of which most only wait to be made twice")


def kill_one(app: App, worker: Part, since: float) -> int | None:
    """Kill the process that has begun the last film, and no other; return the film's number."""
    with suppress(Missed):  # where nothing is left to be made
        last: dict[str, Any] = app.wait_until(
            "a film in the making",
            lambda: app.journal.events("started")[-1],
            lambda event: event["t"] > since and event["number"] not in finished(app),
            5,
        )
        if last["pid"] != worker.pid:  # a worker without processes of its own would be gone
            os.kill(last["pid"], signal.SIGKILL)
            return int(last["number"])
    return None


def restart(kit: Kit, worker: Part, redis: Redis) -> None:
    """Start the worker again; the films that were taken look as if that had needed START_S.

    A worker looks for lost films when it starts. On a busy machine it starts so late that it finds
    them, also one that does not look again for 100 s.
    """
    taken: Any = redis.zrange("unacked_index", 0, -1)  # Any: redis says more than it returns
    redis.delete("unacked_index")
    worker.launch()
    kit.wait_worker(worker)
    for tag in taken:
        redis.zadd("unacked_index", {tag: time.time() - START_S})


def wait_settled(kit: Kit, app: App, films: int) -> None:
    """Wait for a moment at which Redis has every film that is not made.

    Between the queue and the notes of what is taken a message is nowhere for an instant: a kill
    just then would lose it whatever the app says. One that acknowledges early never gets there.
    """
    until = time.monotonic() + SETTLE_S
    with Redis.from_url(kit.redis_url) as redis:
        while time.monotonic() < until:
            made = finished(app)
            is_making = {event["number"] for event in app.journal.events("started")} > made
            if is_making and broker.count_left(redis) == films - len(made):
                return
            time.sleep(0.02)
    begun = app.journal.count("started")
    app.wait_until("another film to begin", lambda: app.journal.count("started"), begun.__lt__, 5)


def expect_each_once(kit: Kit, app: App, numbers: list[int]) -> None:
    """Wait until nothing is left to be made; a busy machine may make a film or two twice."""
    with Redis.from_url(kit.redis_url) as redis:
        app.wait_until(
            "no film left in the queue when all are made",
            partial(broker.count_left, redis),
            operator.not_,
            LEFT_S,
        )
    again = app.journal.count("finished") - len(numbers)
    expected = "each film made once, as long as its worker lives"
    expect(again <= FEW, expected, f"{again} of {len(numbers)} made again")


def watch_held(kit: Kit, app: App, until_made: int) -> int:
    """Return how many messages the worker held at most, until so many films were made."""
    most = 0
    with Redis.from_url(kit.redis_url) as redis:

        def look() -> int:
            nonlocal most
            most = max(most, broker.count_taken(redis))
            return len(finished(app))

        app.wait_until("the first film to be made", look, lambda made: made >= until_made, 10)
    return most


def finished(app: App) -> set[int]:
    return {event["number"] for event in app.journal.events("finished")}
