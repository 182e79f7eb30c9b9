"""E10: a full queue says 503 at once and when to come back; what was accepted is made."""

from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import expect

SIZE = 5


def check(kit: Kit) -> None:
    app = kit.start()
    post(app, "first", 2, status=202)
    app.wait_event("started", "the first film to start", name="first")
    for number in range(SIZE):
        post(app, f"film-{number}", 0.05, status=202)

    answer = app.post("/films", json={"name": "one too many", "seconds": 0.05})
    busy = not app.journal.count("finished", name="first")
    seen = f"{answer.status} after {answer.seconds:.1f} s"
    expect(busy, "an answer to the film that finds the queue full, while the first runs", seen)
    expect(answer.status == 503, "503 for the film that finds the queue full", answer.status)
    again = answer.headers.get("retry-after", "")
    expect(again.isdigit() and int(again) > 0, "a Retry-After in seconds with the 503", repr(again))

    app.wait_event("started", "a queued film to start", name="film-1")
    post(app, "after the rush", 0.05, status=202)
    for name in (*(f"film-{number}" for number in range(SIZE)), "after the rush"):
        app.wait_event("finished", f"{name!r}, which was accepted, to be made", name=name)
    lost = app.journal.count("started", name="one too many")
    expect(lost == 0, "the refused film not to be made", "it was made")


def post(app: App, name: str, seconds: float, *, status: int) -> None:
    app.post("/films", status=status, json={"name": name, "seconds": seconds})
