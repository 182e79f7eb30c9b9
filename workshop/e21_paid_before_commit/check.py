"""E21: each accepted order is charged once, with its amount; a refused one is never charged."""

from workshop.app_under_check import App
from workshop.chance import shuffled, some_count, some_name, some_names
from workshop.kit import Kit
from workshop.verdict import expect

PRICE = 10
QUIET_S = 1.0
CHARGED_S = 15.0


def check(kit: Kit) -> None:
    app = kit.start()

    good = {name: some_count(1, 5) for name in some_names(some_count(4, 6), "order-")}
    bad = some_names(some_count(5, 6), "refused-")  # more than there are workers
    names = shuffled([*good, *bad])
    good[last := some_name("order-")] = some_count(1, 5)  # behind all that are refused
    for name in (*names, last):
        post(app, name, good.get(name))
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


def post(app: App, name: str, quantity: int | None) -> None:
    """Post an order that fits its stock; without a quantity one that does not."""
    item = some_name("item-")
    answer = app.post(f"/orders/{name}", params={"item": item, "quantity": quantity or 9})
    wanted = 202 if quantity else 409
    told = "fits its stock" if quantity else "does not fit its stock"
    expect(answer.status == wanted, f"{wanted} for an order that {told}", app.describe(answer))


def expect_one_charge(app: App, name: str, quantity: int) -> None:
    charges = [event["amount"] for event in app.journal.events("charged", order_id=name)]
    expect(len(charges) == 1, "one charge for each accepted order", len(charges))
    expected = f"a charge of {quantity * PRICE} for {quantity} pieces"
    expect(charges[0] == quantity * PRICE, expected, charges[0])
