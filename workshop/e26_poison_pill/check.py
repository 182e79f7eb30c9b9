"""E26: a job that kills its worker is given up after three starts, and good ones are made once."""

import time
from functools import partial
from operator import not_

from redis import Redis

from lab.processes.part import Part
from workshop import broker
from workshop.app_under_check import App
from workshop.chance import some_count, some_names
from workshop.kit import Kit
from workshop.verdict import expect

MOST_STARTS = 3
END_S = 25.0
QUIET_S = 2.0
LOOKS = 20
BEGIN_S = 0.5  # until it has begun
POSTS = 5  # more often than a pill is started


def check(kit: Kit) -> None:
    kit.start_valkey()
    app = kit.start()
    worker = kit.start_worker(concurrency=2)
    before, behind = some_names(2, "good-"), some_names(some_count(3, 4), "good-")
    pills = some_names(some_count(1, 2), "poison-")
    for name in (*before, *pills, *behind):
        app.post(f"/pictures/{name}", status=202)

    for name in (*before, *behind):
        expect_made(app, name)
    for pill in pills:
        failed = app.wait_status(f"/pictures/{pill}", "status", {"failed", "finished"}, END_S)
        expected = "status failed for a picture that kills its worker"
        expect(failed.get("status") == "failed", expected, repr(failed.get("status")))
        expect(failed.get("error"), "an error that says why it was given up", failed.body)
    app.wait_quiet(QUIET_S)
    for pill in pills:
        starts = app.journal.count("started", name=pill)
        expected = f"{MOST_STARTS} starts of a picture that kills its worker"
        expect(starts == MOST_STARTS, expected, starts)

    with Redis.from_url(kit.redis_url) as redis:
        expected = "nothing left in the queue when each picture is made or given up"
        app.wait_until(expected, partial(count_most_left, redis), not_, QUIET_S)
    for name in some_names(2, "late-"):  # the worker lives
        for count in range(1, POSTS + 1):
            app.post(f"/pictures/{name}", status=202)
            expect_made(app, name, count)
    for name in (*before, *behind):
        drawn = app.journal.count("drawn", name=name)
        expect(drawn == 1, "each good picture drawn once", drawn)
    app.get("/pictures/no-such-picture", status=404)
    check_killed(kit, app, worker)


def count_most_left(redis: Redis) -> int:
    """Look several times: what is given back again and again is nowhere for an instant."""
    most = 0
    for _ in range(LOOKS):
        most = max(most, broker.count_left(redis))
        time.sleep(0.01)
    return most


def expect_made(app: App, name: str, count: int = 1) -> None:
    app.wait_status(f"/pictures/{name}", "status", {"finished"}, END_S)
    drawn = app.journal.count("drawn", name=name)
    expected = "each good picture drawn once for each time it is posted"
    expect(drawn == count, expected, f"{drawn} for {count}")


def check_killed(kit: Kit, app: App, worker: Part) -> None:
    """Kill the worker, with all its processes, in the middle of a good picture."""
    [name] = some_names(1, "good-")
    with Redis.from_url(kit.redis_url) as redis:
        with app.journal.held():
            app.post(f"/pictures/{name}", status=202)
            app.wait_until("a worker to take it", partial(broker.count_queued, redis), not_, 10)
            time.sleep(BEGIN_S)
            worker.kill9(group=True)
        left = broker.count_left(redis)
        expected = "a picture still in Redis when its worker was killed by somebody else"
        expect(left == 1, expected, "it is lost")
