"""E1: the answer comes first, each e-mail once, and the status never lies."""

import random
import re
import string
import time

import httpx

from workshop.app_under_check import App
from workshop.chance import shuffled, some_count, some_name, some_names
from workshop.kit import Kit
from workshop.verdict import expect

EMAIL_S = 1.0
QUIET_S = 1.5  # longer than an e-mail takes: a second copy would have come
PATIENCE_S = 20.0
STATUSES = ("accepted", "finished")
ALPHABETS = ("abcdef", string.digits, string.ascii_lowercase, string.ascii_uppercase)
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
    late = expect_late_email(app)

    app.wait_quiet(QUIET_S)
    for address in set(addresses):
        sent, wanted = app.journal.count("sent", to=address), addresses.count(address)
        expect(sent == wanted, "one e-mail for each request", f"{sent} for {wanted}")
    expect_unknown(app, {late, *(place for place, _ in emails)})


def post_email(app: App, address: str, *, is_new: bool) -> tuple[str, str]:
    """Post one e-mail; return the place of its status, and what it says at once."""
    answer = app.post("/emails", json={"to": address})
    early = is_new and app.journal.count("sent", to=address)
    seen = f"{answer.status} after {answer.seconds:.1f} s, when it was sent already"
    expect(not early, "the answer to POST /emails before the e-mail is sent", seen)
    expect(answer.status == 202, "202 from POST /emails", app.describe(answer))
    place = str(answer.headers.get("location", ""))
    is_here = place.startswith(("/", app.part.url))
    is_task = is_here and re.fullmatch("/tasks/[^/]+", httpx.URL(place).path)
    expect(is_task, "a Location header such as /tasks/1", repr(place))
    return place, read_status(app, place)


def read_status(app: App, place: str) -> str:
    status = app.get(place, status=200).get("status")
    expect(status in STATUSES, f"status accepted or finished from GET {place}", repr(status))
    return str(status)


def expect_no_lie(app: App, emails: Emails) -> None:
    """Look at every task: as many e-mails are sent as are said to be."""
    said: dict[str, int] = {}
    for place, address in emails:
        is_finished = read_status(app, place) == "finished"
        said[address] = said.get(address, 0) + is_finished
    for address, finished in said.items():
        sent = app.journal.count("sent", to=address)
        expect(sent >= finished, "an e-mail sent by the time its status is finished", sent)


def expect_late_email(app: App) -> str:
    """Post when nothing is left to do, and ask for no status; return its place."""
    address = f"{some_name()}@example.com"
    answer = app.post("/emails", status=202, json={"to": address})
    expected = "an e-mail also for a request that comes when the others are done, and never asks"
    app.wait_until(
        expected,
        lambda: "an e-mail" if app.journal.count("sent", to=address) else "none",
        "an e-mail".__eq__,
        EMAIL_S * 5,
    )
    return str(answer.headers.get("location", ""))


def expect_unknown(app: App, places: set[str]) -> None:
    """Ask for ids that were never given out; one of them has the shape of those that were."""
    start, _, task_id = min(places).rpartition("/")
    alike = f"{start}/{scramble(task_id)}"
    while alike in places:
        alike += random.choice(string.digits)
    app.get(alike, status=404)
    for unlike in (f"{start}/{some_name()}", f"{start}/{task_id}0"):
        if unlike not in places:
            status = app.get(unlike).status  # 422: no id of this app looks like that
            expect(status in {404, 422}, f"404 from GET {unlike}", status)


def scramble(task_id: str) -> str:
    """Return another id of the same shape: letters for letters and digits for digits."""
    end = "".join(
        random.choice(next((each for each in ALPHABETS if letter in each), letter))
        for letter in task_id[-6:]
    )
    return task_id[:-6] + end
