"""E19: one contract, four engines, and the engine is really the one that was asked for."""

from concurrent.futures import ThreadPoolExecutor

from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import Missed, expect

INSIDE = ["background", "create_task", "queue"]


def check(kit: Kit) -> None:
    apps = kit.start_several({engine: {"ENGINE": engine} for engine in INSIDE})
    with ThreadPoolExecutor(len(INSIDE)) as threads:
        list(threads.map(check_engine, INSIDE, apps))

    kit.start_valkey()
    worker = kit.launch_worker(of="celery")
    app = kit.start("celery", env={"ENGINE": "celery"})
    kit.wait_worker(worker)
    check_engine("celery", app)


def check_engine(engine: str, app: App) -> None:
    try:
        check_contract(app)
    except Missed as missed:
        raise Missed(f"with ENGINE={engine} {missed.expected}", missed.seen) from None
    inside = {event["pid"] for event in app.journal.events("started")} == {app.part.pid}
    place = "inside" if engine in INSIDE else "outside"
    expected = f"with ENGINE={engine} the job {place} the API"
    expect(inside == (engine in INSIDE), expected, "the other way round")


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
