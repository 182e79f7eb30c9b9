"""E17: an audit line behind a 201 and behind a 409, after the answer, and one welcome."""

from workshop.kit import Kit
from workshop.verdict import expect


def check(kit: Kit) -> None:
    app = kit.start()

    app.post("/users/ann", status=201)
    early = app.journal.count("audited")
    expect(early == 0, "the answer before the audit line is written", "the line first")
    app.wait_event(
        "audited", "an audit line for the 201", timeout_s=3, user="ann", outcome="created"
    )
    app.wait_event("welcomed", "a welcome for ann", timeout_s=3, user="ann")

    app.post("/users/ann", status=409)
    early = app.journal.count("audited", outcome="refused")
    expect(early == 0, "the answer before the audit line is written", "the line first")
    app.wait_event(
        "audited", "an audit line for the 409", timeout_s=3, user="ann", outcome="refused"
    )
    lines, mails = app.journal.count("audited"), app.journal.count("welcomed")
    expect((lines, mails) == (2, 1), "two audit lines and one welcome", f"{lines} and {mails}")
