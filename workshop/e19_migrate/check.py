"""E19: one contract, four engines, and the engine is really the one that was asked for."""

from concurrent.futures import ThreadPoolExecutor

from workshop.app_under_check import Answer, App
from workshop.chance import shuffled, some_count, some_name, some_names
from workshop.kit import Kit
from workshop.verdict import Missed, expect

INSIDE = ["background", "create_task", "queue"]
WORK_S = 0.8
QUIET_S = 1.2  # longer than the work: a second e-mail would have come


def check(kit: Kit) -> None:
    apps = kit.start_several({engine: {"ENGINE": engine} for engine in INSIDE})
    with ThreadPoolExecutor(len(INSIDE)) as threads:
        ends = dict(zip(INSIDE, threads.map(check_engine, INSIDE, apps), strict=True))

    before = shuffled(INSIDE)[0]
    (kit.folder / "celery").symlink_to(kit.folder / before)  # the same DATA_DIR, another engine
    kit.start_valkey()
    worker = kit.launch_worker(of="celery")
    app = kit.start("celery", env={"ENGINE": "celery"})
    kit.wait_worker(worker)
    expect_known(app, before, ends[before])
    with ThreadPoolExecutor() as threads:
        refused = [threads.submit(check_no_engine, kit, name) for name in mistype_engine()]
        check_engine("celery", app)
        for each in refused:
            each.result()


def mistype_engine() -> list[str]:
    """Return names that begin like those of engines, too short and too long."""
    whole = shuffled([*INSIDE, "celery"])[0]
    return [whole[:-1], some_name(whole[:3])]


def expect_known(app: App, before: str, ends: dict[str, Answer]) -> None:
    """Ask the app with its new engine for the tasks of the engine before."""
    for place, end in ends.items():
        found = app.get(place)
        expected = f"a task of ENGINE={before} known, as it was, when the engine is celery"
        expect((found.status, found.body) == (end.status, end.body), expected, found)


def check_engine(engine: str, app: App) -> dict[str, Answer]:
    try:
        ends = check_contract(app, inside=engine in INSIDE)
    except Missed as missed:
        raise Missed(f"with ENGINE={engine} {missed.expected}", missed.seen) from None
    inside = {event["pid"] for event in app.journal.events("started")} == {app.part.pid}
    place = "inside" if engine in INSIDE else "outside"
    expected = f"with ENGINE={engine} the job {place} the API"
    expect(inside == (engine in INSIDE), expected, "the other way round")
    return ends


def check_contract(app: App, *, inside: bool) -> dict[str, Answer]:
    """Ask what every client asks, with bad jobs among good ones; return how each task ended."""
    good = [f"{name}@example.com" for name in some_names(some_count(2, 3))]
    bad = some_names(2, "nobody-")
    answers: list[Answer] = []
    places = {to: post(app, to, answers) for to in (bad[0], *good, bad[1])}
    expect(len(set(places.values())) == len(places), "a Location for each", places)

    ends = {}
    for to, place in places.items():
        wanted = "finished" if to in good else "failed"
        timeout_s = 5 + WORK_S * len(places)
        answer = ends[place] = app.wait_status(place, "status", {wanted}, timeout_s=timeout_s)
        if to in bad:
            error = str(answer.get("error"))
            expect(f"no @ in {to}" in error, f"the error 'no @ in {to}'", repr(error))
        expect_one_email(app, to, to in good)
    app.wait_quiet(QUIET_S)
    for to in places:
        expect_one_email(app, to, to in good)
    if inside:
        expect_answers_meanwhile(app, answers)
    app.get(f"/tasks/{some_name()}", status=404)
    return ends


def expect_one_email(app: App, to: str, is_good: bool) -> None:
    count = app.journal.count("sent", to=to)
    expect(count == is_good, "one e-mail for each good address, none for a bad one", count)


def expect_answers_meanwhile(app: App, answers: list[Answer]) -> None:
    """Expect answers while a job runs: one that runs on the event loop lets none through."""
    begun = [event["t"] for event in app.journal.events("started")]
    during = any(
        start < each.asked_at and each.answered_at < start + WORK_S
        for start in begun
        for each in answers
    )
    expect(during, "answers while a job runs", "none; the job holds the event loop")


def post(app: App, to: str, answers: list[Answer]) -> str:
    answer = app.post(f"/emails/{to}", status=202)
    early = app.journal.count("sent", to=to)
    expect(early == 0, "the answer before the e-mail is sent", "the e-mail first")
    expect(answer.get("status") == "queued", "status queued in the answer", answer.body)
    place = str(answer.headers.get("location", ""))
    expect(place.startswith(("/", app.part.url)), "a Location header", repr(place))
    look = app.get(place, status=200)
    answers += [answer, look]
    status = look.get("status")
    expect(status in ("queued", "failed", "finished"), "status queued at first", repr(status))
    return place


def check_no_engine(kit: Kit, engine: str) -> None:
    """Ask for an engine that does not exist: the app does not start, or answers 501."""
    expected = f"ENGINE={engine} to be refused, at the start or with a 501"
    try:
        app = kit.start(f"no {engine}", env={"ENGINE": engine})
    except Missed:
        return
    answer = app.post("/emails/ann@example.com")
    expect(answer.status == 501, expected, answer.status)
