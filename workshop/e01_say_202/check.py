"""E1: the answer comes first, each e-mail once, and the status never lies."""

from workshop.app_under_check import App
from workshop.chance import some_count, some_name, some_names
from workshop.kit import Kit
from workshop.verdict import expect

QUIET_S = 1.5  # longer than an e-mail takes: a second copy would have come


def check(kit: Kit) -> None:
    app = kit.start()

    addresses = [f"{name}@example.com" for name in some_names(some_count(3, 5))]
    places = {address: post_email(app, address) for address in addresses}
    expected = f"{len(places)} different Locations for {len(places)} e-mails"
    expect(len(set(places.values())) == len(places), expected, f"{len(set(places.values()))}")

    for address, place in places.items():
        app.wait_status(place, "status", {"finished"})
        expect_sent_once(app, address)
        app.wait_status(place, "status", {"finished"})  # a second look sees the same
    app.wait_quiet(QUIET_S)
    for address in addresses:
        expect_sent_once(app, address)
    for unknown in (f"/tasks/{some_name()}", f"{places[addresses[0]]}0"):
        app.get(unknown, status=404)


def post_email(app: App, address: str) -> str:
    """Post one e-mail; return the place of its status."""
    answer = app.post("/emails", json={"to": address})
    early = app.journal.count("sent", to=address)
    seen = f"{answer.status} after {answer.seconds:.1f} s, when it was sent already"
    expect(early == 0, "the answer to POST /emails before the e-mail is sent", seen)
    expect(answer.status == 202, "202 from POST /emails", app.describe(answer))
    place = str(answer.headers.get("location", ""))
    expect(place.startswith(("/", app.part.url)), "a Location header such as /tasks/1", repr(place))
    status = app.get(place, status=200).get("status")
    expect(status in ("accepted", "finished"), f"status accepted from GET {place}", repr(status))
    if status == "finished":
        expect_sent_once(app, address)
    return place


def expect_sent_once(app: App, address: str) -> None:
    count = app.journal.count("sent", to=address)
    expect(count == 1, "one e-mail sent by the time the status is finished", count)
