"""E2: the last byte of each answer, then its e-mail, once, and no coroutine is forgotten."""

from workshop.app_under_check import App
from workshop.chance import shuffled, some_count, some_names
from workshop.kit import Kit
from workshop.verdict import expect

FORGOTTEN = "never awaited"
NOTHING = "neither"
QUIET_S = 1.5  # longer than an e-mail takes: a second copy would have come


def check(kit: Kit) -> None:
    app = kit.start()
    first, *others = [f"{name}@example.com" for name in some_names(some_count(3, 5))]

    post_email(app, first)
    app.wait_until(
        "an e-mail after the answer, or an error that says why",
        lambda: tell_end(app, first),
        NOTHING.__ne__,
        10,
    )
    expect(app.journal.count("sent", to=first), "one e-mail after the answer", tell_end(app, first))
    requests = [first, *shuffled([first, *others])]  # one customer writes twice
    for address in requests[1:]:
        post_email(app, address)
    for address in others:
        app.wait_event("sent", "an e-mail for each request", timeout_s=5, to=address)
    app.wait_quiet(QUIET_S)
    for address in (first, *others):
        sent, wanted = app.journal.count("sent", to=address), requests.count(address)
        expect(sent == wanted, "one e-mail for each request", f"{sent} for {wanted}")
    expect(FORGOTTEN not in app.part.log_text(), "no warning", f"a coroutine was {FORGOTTEN}")
    expect(not app.last_error(), "no error in the log", app.last_error())


def post_email(app: App, address: str) -> None:
    before = app.journal.count("sent", to=address)
    app.post("/emails", status=202, json={"to": address})
    early = app.journal.count("sent", to=address) > before
    expect(not early, "the answer to POST /emails before the e-mail is sent", "the e-mail first")


def tell_end(app: App, address: str) -> str:
    """Return how the job ended, as far as it can be seen."""
    if app.journal.count("sent", to=address):
        return "sent"
    if error := app.last_error():
        return f"none; {error}"
    return f"none; a coroutine was {FORGOTTEN}" if FORGOTTEN in app.part.log_text() else NOTHING
