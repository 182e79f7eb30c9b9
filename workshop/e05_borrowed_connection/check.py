"""E5: a job in progress holds no connection, writes its row, and gives back what it took."""

from workshop.journal import Journal
from workshop.kit import Kit
from workshop.verdict import expect


def check(kit: Kit) -> None:
    app = kit.start()
    app.post("/orders/one", status=202)

    seen = app.get("/orders/one", status=200).get("status")
    waited = app.journal.count("confirmed") > 0
    expect(
        not waited, "GET /orders/one to be answered while the job runs", "an answer only after it"
    )
    expect_one_connection(app.journal)
    expect(seen == "open", "status open while the job runs", repr(seen))

    app.post("/orders/two", status=202)
    for name in ("one", "two"):
        app.wait_status(f"/orders/{name}", "status", {"confirmed"}, timeout_s=4)
    expect_one_connection(app.journal)


def expect_one_connection(journal: Journal) -> None:
    most = count_most_open(journal)
    expect(most == 1, "one connection open at a time, as the database allows", most)


def count_most_open(journal: Journal) -> int:
    """Return how many connections were open at once."""
    count = most = 0
    for event in journal.events():
        count += {"connected": 1, "returned": -1}.get(event["event"], 0)
        most = max(most, count)
    return most
