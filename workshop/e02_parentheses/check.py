"""E2: the last byte of the answer, then the e-mail, once, and no coroutine is forgotten."""

from functools import partial

from workshop.kit import Kit
from workshop.verdict import expect


def check(kit: Kit) -> None:
    app = kit.start()

    app.post("/emails", status=202, json={"to": "ann@example.com"})
    early = app.journal.count("sent")
    expect(early == 0, "the answer to POST /emails before the e-mail is sent", "the e-mail first")

    sent = partial(app.journal.count, "sent", to="ann@example.com")
    app.wait_until("the job to end", lambda: sent() or app.last_error(), bool, 10)
    expect(sent() == 1, "one e-mail after the answer", f"none; {app.last_error()}")
    app.post("/emails", status=202, json={"to": "bob@example.com"})
    app.wait_event("sent", "an e-mail for the second request", to="bob@example.com")
    count = app.journal.count("sent")
    expect(count == 2, "two e-mails for two requests", count)
    log = app.part.log_text()
    expect("never awaited" not in log, "no warning", "a coroutine was never awaited")
