"""E16: each order is started more than once, charged once, and always answers the same."""

from functools import partial

from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import expect

ORDERS = ["one", "two"]
QUIET_S = 4.0  # a charge takes 3


def check(kit: Kit) -> None:
    kit.start_valkey()
    app = kit.start()
    kit.start_worker(concurrency=6)
    for order in ORDERS:
        app.post(f"/orders/{order}", status=202)

    for order in ORDERS:
        started = partial(app.journal.count, "started", order=order)
        app.wait_until("a second delivery of each order", started, lambda runs: runs > 1, 30)
    receipts = [read_receipt(app, order) for order in ORDERS]
    app.wait_quiet(QUIET_S, lambda: max(count_charges(app)) > 1)
    charges = count_charges(app)
    expect(charges == [1, 1], "one charge for each of two orders", " and ".join(map(str, charges)))
    again = [read_receipt(app, order) for order in ORDERS]
    expect(again == receipts, f"the same receipts as before, {receipts}", again)
    expect(all("receipt" in each for each in again), "receipts of the bank", again)


def count_charges(app: App) -> list[int]:
    return [app.journal.count("charged", order=order) for order in ORDERS]


def read_receipt(app: App, order: str) -> str:
    return str(app.wait_status(f"/orders/{order}", "status", {"SUCCESS"}, 30).get("receipt"))
