"""E20: one key, one order, one delivery, however many requests come and when."""

from concurrent.futures import ThreadPoolExecutor

from workshop.app_under_check import Answer, App
from workshop.chance import shuffled, some_count, some_name, some_names
from workshop.kit import Kit
from workshop.verdict import expect

AT_ONCE = 20
CUSTOMERS = 12
QUIET_S = 1.0
RESERVE_S = 0.25  # 0.3, for a clock that is a little early


def check(kit: Kit) -> None:
    app = kit.start()

    long = some_name("key-") * 5  # keys that differ in one letter only
    clicks = [(f"{long}{letter}", some_name("book-")) for letter in shuffled("ab")]
    order_ids = [check_one_key(app, key, item) for key, item in clicks]
    check_two_orders(app)
    check_without_key(app, some_count(2, 3))
    check_no_queue(app)
    for (key, item), order_id in zip(clicks, order_ids, strict=True):
        again = post(app, key, item)
        expected = "the same order for a key of before, after other keys were used"
        expect(again.get("order_id") == order_id, expected, again.body)


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
    """Click often at once; each client asks for its order as soon as it has the id."""

    def click(_: int) -> tuple[Answer, Answer]:
        answer = app.post("/orders", json={"item": item}, headers=headers(key), timeout_s=8)
        return answer, app.get(f"/orders/{answer.get('order_id')}", timeout_s=8)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        clicks = list(threads.map(click, range(AT_ONCE)))
    refused = [answer.status for answer, _ in clicks if answer.status != 202]
    expect(not refused, f"202 for each of {AT_ONCE} requests with one key", refused)
    ids = {str(answer.get("order_id")) for answer, _ in clicks}
    expect(len(ids) == 1, f"one order for {AT_ONCE} requests with one key", len(ids))
    unknown = [look.status for _, look in clicks if look.status != 200]
    expected = "200 for an order as soon as a client has its id"
    expect(not unknown, expected, f"{unknown[:1]} for {len(unknown)} of {AT_ONCE} clients")
    return ids.pop()


def check_two_orders(app: App) -> None:
    """Send two orders with one key at once: whichever comes first is the order of the key."""
    key, item = some_name("key-"), some_name("chair-")
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda quantity: post(app, key, item, quantity), (1, 2)))
    seen = sorted(answer.status for answer in answers)
    expected = "202 for one of two orders that come at once with one key, and 422 for the other"
    expect(seen == [202, 422], expected, " and ".join(map(str, seen)))


def check_without_key(app: App, count: int) -> None:
    item = some_name("pen-")
    ids = {post(app, None, item).get("order_id") for _ in range(count)}
    expect(len(ids) == count, f"{count} orders for {count} requests without a key", len(ids))
    app.wait_quiet(QUIET_S)
    delivered = app.journal.count("delivered", item=item)
    expect(delivered == count, f"{count} parcels delivered", delivered)


def check_no_queue(app: App) -> None:
    """Twelve keys at once: reserved one after the other, they would take four seconds."""
    items = some_names(CUSTOMERS, "cup-")
    with ThreadPoolExecutor(CUSTOMERS) as threads:
        answers = list(threads.map(lambda item: post(app, f"key of {item}", item), items))
    longest_s = max(answer.seconds for answer in answers)
    expected = "twelve customers served side by side, in under 2.5 s"
    expect(longest_s < 2.5, expected, f"{longest_s:.1f} s")
    app.wait_quiet(QUIET_S)
    for item, answer in zip(items, answers, strict=True):
        reserved = app.journal.events("reserved", item=item)
        expect(len(reserved) == 1, "one parcel reserved for each customer", len(reserved))
        spent_s = reserved[0]["t"] - answer.asked_at
        expected = "a reservation that is as slow as before, 0.3 s"
        expect(spent_s > RESERVE_S, expected, f"{spent_s:.2f} s")


def headers(key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": key} if key else {}


def post(app: App, key: str | None, item: str, quantity: int = 1) -> Answer:
    return app.post("/orders", json={"item": item, "quantity": quantity}, headers=headers(key))
