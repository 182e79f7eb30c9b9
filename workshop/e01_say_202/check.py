"""E1: the answer comes first, the e-mail second, and the status never lies."""

from workshop.app_under_check import Answer
from workshop.kit import Kit
from workshop.verdict import expect


def check(kit: Kit) -> None:
    app = kit.start()

    answer = app.post("/emails", json={"to": "ann@example.com"})
    early = app.journal.count("sent")
    expect(early == 0, "the answer to POST /emails before the e-mail is sent", _describe(answer))
    expect(answer.status == 202, "202 from POST /emails", app.describe(answer))
    place = answer.headers.get("location", "")
    expect(place.startswith("/"), "a Location header such as /tasks/1", repr(place))
    seen = app.get(place, status=200).get("status")
    expect(seen in ("accepted", "finished"), f"status accepted from GET {place}", repr(seen))

    app.wait_status(place, "status", {"finished"})
    count = app.journal.count("sent", to="ann@example.com")
    expect(count == 1, "one e-mail sent by the time the status is finished", count)
    app.get("/tasks/no-such-task", status=404)


def _describe(answer: Answer) -> str:
    return f"{answer.status} after {answer.seconds:.1f} s, when it was sent already"
