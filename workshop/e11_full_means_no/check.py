"""E11: a full queue says 503 at once and when to come back; what was accepted is made, once."""

from workshop.app_under_check import Answer, App
from workshop.chance import some_count, some_names
from workshop.kit import Kit
from workshop.verdict import expect

SIZE = 5
AT_ONCE_S = 0.5
FIRST_S = 2


def check(kit: Kit) -> None:
    app = kit.start()
    rush(app)
    rush_at_once(app)  # room has come back


def rush(app: App) -> None:
    """Fill the studio and its queue, be refused, and see what is made."""
    first, late, *accepted = some_names(2 + SIZE, "film-")
    accepted[1] = accepted[0]  # a second film of that name is a film of its own
    refused = some_names(some_count(2, 3), "refused-")
    post(app, first, FIRST_S)
    app.wait_event("started", "the first film to start", name=first)
    for name in accepted:
        post(app, name, 0.05)

    for name in refused:
        expect_refusal(app, first, name)

    app.wait_event("started", "the queued films to start", name=accepted[-1])
    post(app, late, 0.05)
    for name in (*accepted, late):
        app.wait_event("finished", "each film that was accepted to be made", name=name)
    for name in (*accepted, late):
        count, wanted = app.journal.count("finished", name=name), [*accepted, late].count(name)
        expect(count == wanted, "each accepted film made once", f"{count} of {wanted} of a name")
    lost = sum(app.journal.count("started", name=name) for name in refused)
    expect(lost == 0, "a refused film not to be made", f"{lost} were")


def rush_at_once(app: App) -> None:
    """Post more films than there is room for, all at the same moment."""
    first, *names = some_names(1 + SIZE + some_count(2, 3), "film-")
    post(app, first, FIRST_S)
    app.wait_event("started", "the first film to start", name=first)
    body = {"seconds": 0.05}
    asked = [app.later("POST", "/films", json={"name": name, **body}) for name in names]
    answers = dict(zip(names, [each.result() for each in asked], strict=True))
    taken = [name for name, answer in answers.items() if answer.status == 202]
    refused = [answer for answer in answers.values() if answer.status != 202]
    expected = f"{SIZE} of {len(names)} films accepted that are asked for at the same moment"
    expect(len(taken) == SIZE, expected, len(taken))
    for answer in refused:
        expect_no(app, first, answer)
    for name in taken:
        app.wait_event("finished", "each film that was accepted to be made", name=name)


def expect_refusal(app: App, first: str, name: str) -> None:
    expect_no(app, first, app.post("/films", json={"name": name, "seconds": 0.05}))


def expect_no(app: App, first: str, answer: Answer) -> None:
    busy = not app.journal.count("finished", name=first)
    seen = f"{answer.status} after {answer.seconds:.1f} s"
    expected = "an answer to the film that finds the queue full, while the first runs"
    expect(busy, expected, seen)
    expect(answer.status == 503, "503 for the film that finds the queue full", answer.status)
    expect(answer.seconds < AT_ONCE_S, f"the 503 within {AT_ONCE_S:g} s", seen)
    again = answer.headers.get("retry-after", "")
    expect(again.isdigit() and int(again) > 0, "a Retry-After in seconds with the 503", repr(again))


def post(app: App, name: str, seconds: float) -> None:
    app.post("/films", status=202, json={"name": name, "seconds": seconds})
