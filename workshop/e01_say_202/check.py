"""E1: the answer comes first, each e-mail once, and the status never lies."""

import secrets
import time

from workshop.app_under_check import App
from workshop.chance import shuffled, some_count, some_name, some_names
from workshop.kit import Kit
from workshop.verdict import expect

EMAIL_S = 1.0
QUIET_S = 1.5  # longer than an e-mail takes: a second copy would have come
PATIENCE_S = 20.0
Emails = list[tuple[str, str]]  # the place of the status, and the address


def check(kit: Kit) -> None:
    app = kit.start()

    twice, *others = [f"{name}@example.com" for name in some_names(some_count(3, 5))]
    addresses = [twice, *shuffled([twice, *others])]
    emails: Emails = []
    told = set()
    for address in addresses:
        place, status = post_email(app, address, is_new=not emails or address != twice)
        emails.append((place, address))
        told.add(status)
        if len(emails) == 1:
            time.sleep(EMAIL_S / 2)  # the others end after the first
    count = len({place for place, _ in emails})
    expected = f"{len(emails)} different Locations for {len(emails)} e-mails"
    expect(count == len(emails), expected, count)
    for place, _ in emails:
        app.wait_status(place, "status", {"finished"}, PATIENCE_S)
        expect_no_lie(app, emails)
    expected = "status accepted while an e-mail is being sent"
    expect("accepted" in told, expected, "no answer until it was sent")

    app.wait_quiet(QUIET_S)
    for address in set(addresses):
        sent, wanted = app.journal.count("sent", to=address), addresses.count(address)
        expect(sent == wanted, "one e-mail for each request", f"{sent} for {wanted}")
    start, _, task_id = emails[0][0].rpartition("/")
    for unknown in (some_name(), f"{task_id}0", secrets.token_hex(32)[: len(task_id)]):
        if (place := f"{start}/{unknown}") not in dict(emails):
            app.get(place, status=404)


def post_email(app: App, address: str, *, is_new: bool) -> tuple[str, str]:
    """Post one e-mail; return the place of its status, and what it says at once."""
    answer = app.post("/emails", json={"to": address})
    early = is_new and app.journal.count("sent", to=address)
    seen = f"{answer.status} after {answer.seconds:.1f} s, when it was sent already"
    expect(not early, "the answer to POST /emails before the e-mail is sent", seen)
    expect(answer.status == 202, "202 from POST /emails", app.describe(answer))
    place = str(answer.headers.get("location", ""))
    expect(place.startswith(("/", app.part.url)), "a Location header such as /tasks/1", repr(place))
    status = app.get(place, status=200).get("status")
    expect(status in ("accepted", "finished"), f"status accepted from GET {place}", repr(status))
    return place, str(status)


def expect_no_lie(app: App, emails: Emails) -> None:
    """Look at every task: as many e-mails are sent as are said to be."""
    said: dict[str, int] = {}
    for place, address in emails:
        is_finished = app.get(place, status=200).get("status") == "finished"
        said[address] = said.get(address, 0) + is_finished
    for address, finished in said.items():
        sent = app.journal.count("sent", to=address)
        expect(sent >= finished, "an e-mail sent by the time its status is finished", sent)
