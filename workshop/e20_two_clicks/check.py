"""E20: one key, one order, one delivery, however many requests come and when."""

from concurrent.futures import Future

from workshop.app_under_check import Answer, App
from workshop.chance import shuffled, some_count, some_name, some_names
from workshop.kit import Kit
from workshop.verdict import expect

AT_ONCE = 20
QUIET_S = 1.0


def check(kit: Kit) -> None:
    app = kit.start()

    long = some_name("key-") * 5  # keys that differ in one letter only
    first, second = [(f"{long}{letter}", some_name("book-")) for letter in shuffled("ab")]
    order_id = check_one_key(app, *first)
    check_one_key(app, *second)
    again = post(app, *first)
    expected = "the same order for a key of before, after other keys were used"
    expect(again.get("order_id") == order_id, expected, again.body)
    check_without_key(app, some_count(2, 3))
    check_no_queue(app)


def check_one_key(app: App, key: str, item: str) -> str:
    order_id = expect_one_order(app, key, item)
    app.wait_status(f"/orders/{order_id}", "status", {"delivered"}, 3)
    again = post(app, key, item)
    expected = "the same order after the delivery"
    expect(again.get("order_id") == order_id, expected, again.body)

    other = post(app, key, some_name("lamp-"))
    expect(other.status == 422, "422 for another order with a used key", app.describe(other))
    more = post(app, key, item, quantity=2)
    expect(more.status == 422, "422 for another quantity with a used key", app.describe(more))
    next_one = post(app, some_name("key-"), item)
    expected = "an order of its own for another key"
    expect(next_one.get("order_id") not in (None, order_id), expected, next_one.body)
    app.wait_status(f"/orders/{next_one.get('order_id')}", "status", {"delivered"}, 3)
    app.wait_quiet(QUIET_S)
    for what in ("reserved", "delivered"):
        count = app.journal.count(what, item=item)
        expect(count == 2, f"two keys, two parcels {what}", count)
    return order_id


def expect_one_order(app: App, key: str, item: str) -> str:
    posts = [later(app, key, item) for _ in range(AT_ONCE)]
    answers = [each.result() for each in posts]
    refused = [answer.status for answer in answers if answer.status != 202]
    expect(not refused, f"202 for each of {AT_ONCE} requests with one key", refused)
    ids = {str(answer.get("order_id")) for answer in answers}
    expect(len(ids) == 1, f"one order for {AT_ONCE} requests with one key", len(ids))
    return ids.pop()


def check_without_key(app: App, count: int) -> None:
    item = some_name("pen-")
    ids = {post(app, None, item).get("order_id") for _ in range(count)}
    expect(len(ids) == count, f"{count} orders for {count} requests without a key", len(ids))
    app.wait_quiet(QUIET_S)
    delivered = app.journal.count("delivered", item=item)
    expect(delivered == count, f"{count} parcels delivered", delivered)


def check_no_queue(app: App) -> None:
    """Twelve keys at once: reserved one after the other, they would take four seconds."""
    posts = [later(app, key, "many") for key in some_names(12)]
    longest_s = max(each.result().seconds for each in posts)
    expected = "twelve customers served side by side, in under 2.5 s"
    expect(longest_s < 2.5, expected, f"{longest_s:.1f} s")


def headers(key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": key} if key else {}


def post(app: App, key: str | None, item: str, quantity: int = 1) -> Answer:
    return app.post("/orders", json={"item": item, "quantity": quantity}, headers=headers(key))


def later(app: App, key: str, item: str) -> Future[Answer]:
    return app.later("POST", "/orders", json={"item": item}, headers=headers(key), timeout_s=8)
