"""E21: each accepted order is charged once, with its amount; a refused one is never charged."""

import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

from workshop.app_under_check import App
from workshop.chance import shuffled, some_count, some_name, some_names
from workshop.kit import Kit
from workshop.verdict import expect

PRICE = 10
STOCK = 5
QUIET_S = 1.0
CHARGED_S = 15.0
SLOW_S = 1.0
ROWS = 100_000
COUNT = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT sum(i)"
BUSY_DAY = """
CREATE VIEW long_work AS {} AS total FROM n;
CREATE TRIGGER slow_order BEFORE UPDATE ON stock WHEN old.item LIKE 'slow-%'
BEGIN SELECT total FROM long_work; END;
CREATE TRIGGER slow_charge BEFORE UPDATE ON orders WHEN old.id LIKE 'slow-%'
BEGIN SELECT total FROM long_work; END;
"""


def check(kit: Kit) -> None:
    app = kit.start()
    file = kit.folder / "app" / "shop.db"

    good = {name: some_count(1, STOCK) for name in some_names(some_count(4, 5), "order-")}
    bad = some_names(some_count(5, 6), "refused-")  # more than there are workers
    items: list[tuple[str, int]] = []
    first, *others = good
    for name in (first, *shuffled([*others, *bad])):
        item, quantity = some_name("item-"), good.get(name, STOCK + 4)
        if name in bad and items:  # what is too much may be so after another order
            item, left = items.pop()
            quantity = some_count(left + 1, STOCK)
        post(app, name, item, quantity, fits=name in good)
        if name in good:
            items.append((item, STOCK - quantity))
    slow = some_name("slow-")  # behind all that are refused
    good[slow] = some_count(1, STOCK)
    slow_down(file)
    post(app, slow, slow, good[slow], fits=True)
    expected = "the answer before the charge has ended"
    expect(read_status(file, slow) != "charged", expected, "an order that is charged already")
    for name, quantity in good.items():
        app.wait_status(f"/orders/{name}", "status", {"charged"}, CHARGED_S)
        expect_one_charge(app, name, quantity)

    again = next(iter(good))  # an id that is taken: the database refuses it
    answer = app.post(f"/orders/{again}", params={"item": some_name(), "quantity": 1})
    expect(answer.status == 409, "409 for an order that exists", app.describe(answer))
    app.wait_quiet(QUIET_S)
    for name, quantity in good.items():
        expect_one_charge(app, name, quantity)
    for name in bad:
        count = app.journal.count("charged", order_id=name)
        expect(count == 0, "no charge for an order that was refused", count)
        app.get(f"/orders/{name}", status=404)


def post(app: App, name: str, item: str, quantity: int, *, fits: bool) -> None:
    params = {"item": item, "quantity": quantity}
    answer = app.post(f"/orders/{name}", params=params, timeout_s=20)
    wanted = 202 if fits else 409
    told = "fits its stock" if fits else "does not fit its stock"
    expect(answer.status == wanted, f"{wanted} for an order that {told}", app.describe(answer))


def slow_down(file: Path) -> None:
    """Give the database a busy day: some orders take it a second, and their charges another."""
    with closing(sqlite3.connect(":memory:")) as database:
        started = time.thread_time()
        database.execute(COUNT.format(ROWS) + " FROM n").fetchall()
        rows = int(ROWS * SLOW_S / (time.thread_time() - started))
    with suppress(sqlite3.Error), closing(sqlite3.connect(file, timeout=10)) as database:
        database.executescript(BUSY_DAY.format(COUNT.format(rows)))


def read_status(file: Path, name: str) -> str | None:
    """Look into the table itself, since a request might wait for the charge."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(file, timeout=10)) as database:
        rows = database.execute("SELECT status FROM orders WHERE id = ?", (name,)).fetchall()
        return str(rows[0][0]) if rows else None
    return None


def expect_one_charge(app: App, name: str, quantity: int) -> None:
    charges = [event["amount"] for event in app.journal.events("charged", order_id=name)]
    expect(len(charges) == 1, "one charge for each accepted order", len(charges))
    expected = f"a charge of {quantity * PRICE} for {quantity} pieces"
    expect(charges[0] == quantity * PRICE, expected, charges[0])
