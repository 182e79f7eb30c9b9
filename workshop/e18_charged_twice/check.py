"""E18: each order is started more than once, charged once, and always answers the same."""

from functools import partial

from workshop.app_under_check import App
from workshop.chance import some_count, some_names
from workshop.kit import Kit
from workshop.verdict import expect

QUIET_S = 4.0  # a charge takes 3


def check(kit: Kit) -> None:
    kit.start_valkey()
    app = kit.start()
    kit.start_worker(concurrency=6)
    orders = some_names(some_count(2, 3), "order-")
    for order in orders:
        app.post(f"/orders/{order}", status=202)

    for order in orders:
        started = partial(app.journal.count, "started", order=order)
        app.wait_until("a second delivery of each order", started, lambda runs: runs > 1, 30)
    receipts = [read_receipt(app, order) for order in orders]
    app.wait_quiet(QUIET_S, lambda: max(count_charges(app, orders)) > 1)
    expect_one_charge_each(app, orders)
    expect_same(app, orders, receipts)

    # A client that was not sure posts again, long after the end.
    runs = {order: app.journal.count("started", order=order) for order in orders}
    for order in orders:
        app.post(f"/orders/{order}", status=202)
    for order in orders:
        started = partial(app.journal.count, "started", order=order)
        app.wait_until("the order to start again", started, runs[order].__lt__, 30)
    app.wait_quiet(QUIET_S, lambda: max(count_charges(app, orders)) > 1)
    expect_one_charge_each(app, orders)
    expect_same(app, orders, receipts)


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
