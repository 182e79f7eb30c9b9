"""E18: each order is started more than once, charged once, and always answers the same."""

import time
from contextlib import ExitStack
from functools import partial

from redis import Redis

from lab.processes.part import Part
from workshop import broker
from workshop.app_under_check import App
from workshop.chance import some_count, some_names
from workshop.kit import Kit
from workshop.verdict import expect

QUIET_S = 4.0  # a charge takes 3
PROCESSES = 8
TAKE_S, LOOK_S = 0.5, 0.2  # enough to take the second ones, and to look for a claim
LONGEST_S = 5.0
DAY_S = 12 * 3600.0


def check(kit: Kit) -> None:
    kit.start_valkey()
    app = kit.start()
    worker = kit.start_worker(concurrency=PROCESSES)
    first, *others = orders = some_names(some_count(3, 4), "order-")
    app.post(f"/orders/{first}", status=202)
    app.wait_event("started", "the first order started", order=first)  # the worker is at work
    starts = {first: 1} | start_twice_at_once(kit, app, worker, others)

    for order in orders:
        started = partial(app.journal.count, "started", order=order)
        expected = "each order delivered again, as the settings have it, while the bank is slow"
        app.wait_until(expected, started, starts[order].__lt__, 30)
    receipts = [read_receipt(app, order) for order in orders]
    app.wait_quiet(QUIET_S, lambda: max(count_charges(app, orders)) > 1)
    expect_one_charge_each(app, orders)
    expect_same(app, orders, receipts)

    # A client that was not sure posts again, long after the end.
    with Redis.from_url(kit.redis_url) as redis:
        broker.let_pass(redis, DAY_S)
    expect_same(app, orders, receipts)
    for order in orders:
        app.post(f"/orders/{order}", status=202)
    app.wait_quiet(QUIET_S, lambda: max(count_charges(app, orders)) > 1)
    expect_one_charge_each(app, orders)
    expect_same(app, orders, receipts)
    with Redis.from_url(kit.redis_url) as redis:
        app.wait_until(
            "every job ended when its order is charged",
            lambda: f"{broker.count_left(redis)} left",
            "0 left".__eq__,
            LONGEST_S,
        )


def start_twice_at_once(kit: Kit, app: App, worker: Part, orders: list[str]) -> dict[str, int]:
    """Start each order in two processes, and let both look before either of them can write.

    Returns how often each was started: once where the second post is not published.
    """
    with Redis.from_url(kit.redis_url) as redis, ExitStack() as stack:
        with broker.suspended(worker):
            for order in orders * 2:
                app.post(f"/orders/{order}", status=202)
            look = partial(broker.count_taken, redis)
            app.wait_until("each order taken by a process", look, len(orders).__lt__, 10)
            time.sleep(TAKE_S)
            stack.enter_context(broker.only_reads(redis, LONGEST_S))
        for order in orders:
            started = partial(app.journal.count, "started", order=order)
            app.wait_until("each order started", started, bool, LONGEST_S)
        time.sleep(LOOK_S)
        return {order: app.journal.count("started", order=order) for order in orders}


def expect_one_charge_each(app: App, orders: list[str]) -> None:
    charges = count_charges(app, orders)
    expected = f"one charge for each of {len(orders)} orders"
    expect(set(charges) == {1}, expected, " and ".join(map(str, charges)))


def expect_same(app: App, orders: list[str], receipts: list[str]) -> None:
    again = [read_receipt(app, order) for order in orders]
    of_the_bank = [app.journal.events("charged", order=each)[0]["receipt"] for each in orders]
    expect(again == of_the_bank, "the receipts of the bank, each for its own order", again)
    expect(again == receipts, f"the same receipts as before, {receipts}", again)


def count_charges(app: App, orders: list[str]) -> list[int]:
    return [app.journal.count("charged", order=order) for order in orders]


def read_receipt(app: App, order: str) -> str:
    return str(app.wait_status(f"/orders/{order}", "status", {"SUCCESS"}, 30).get("receipt"))
