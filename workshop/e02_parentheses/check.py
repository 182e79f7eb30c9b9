"""E2: the last byte of the answer, then the e-mail, once, and no coroutine is forgotten."""

from functools import partial

from workshop.kit import Kit
from workshop.verdict import expect


def check(kit: Kit) -> None:
    app = kit.start()

    app.post("/emails", status=202, json={"to": "ann@example.com"})
    early = app.journal.count("sent")
    expect(early == 0, "the answer to POST /emails before the e-mail is sent", "the e-mail first")

    log = app.part.log_text
    sent = partial(app.journal.count, "sent", to="ann@example.com")
    app.wait_until("the job to end", lambda: sent() or "Error" in log(), bool, 10)
    why = "the coroutine was never awaited" if "never awaited" in log() else "none"
    expect(sent() == 1, "one e-mail after the answer", why)
    app.post("/emails", status=202, json={"to": "bob@example.com"})
    app.wait_event("sent", "an e-mail for the second request", to="bob@example.com")
    expect(
        app.journal.count("sent") == 2, "two e-mails for two requests", app.journal.count("sent")
    )
    expect("never awaited" not in log(), "no warning", "a coroutine was never awaited")
