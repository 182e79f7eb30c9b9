"""E19: one contract, four engines, and the engine is really the one that was asked for."""

from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import Missed, expect

ENGINES = ["background", "create_task", "queue", "celery"]


def check(kit: Kit) -> None:
    kit.start_valkey()
    apps = kit.start_several({engine: {"ENGINE": engine} for engine in ENGINES})
    worker = kit.launch_worker(of="celery")
    for engine, app in zip(ENGINES, apps, strict=True):
        if engine == "celery":
            kit.wait_worker(worker)
        try:
            check_contract(app)
        except Missed as missed:
            raise Missed(f"with ENGINE={engine} {missed.expected}", missed.seen) from None
        inside = {event["pid"] for event in app.journal.events("started")} == {app.part.pid}
        expected = (
            f"with ENGINE={engine} the job {'outside' if engine == 'celery' else 'inside'} the API"
        )
        expect(inside == (engine != "celery"), expected, "the other way round")


def check_contract(app: App) -> None:
    """Ask what every client asks."""
    answer = app.post("/emails/ann@example.com", status=202)
    early = app.journal.count("sent")
    expect(early == 0, "the answer before the e-mail is sent", "the e-mail first")
    expect(answer.get("status") == "queued", "status queued in the answer", answer.body)
    place = answer.headers.get("location", "")
    expect(place.startswith("/"), "a Location header", repr(place))
    app.wait_status(place, "status", {"finished"})
    expect(app.journal.count("sent") == 1, "one e-mail", app.journal.count("sent"))

    bad = app.post("/emails/ann", status=202).headers.get("location", "")
    failed = app.wait_status(bad, "status", {"failed"}, timeout_s=5)
    expect("no @" in str(failed.get("error")), "the error 'no @'", repr(failed.get("error")))
    app.get("/tasks/no-such-task", status=404)
