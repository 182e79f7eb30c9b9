"""E15: the whole worker group is killed mid-job and started again; every film gets made."""

from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import expect

FILMS = 8
QUIET_S = 6.0


def check(kit: Kit) -> None:
    kit.start_valkey()
    app = kit.start()
    worker = kit.start_worker(concurrency=2)
    for number in range(FILMS):
        app.post(f"/films/{number}", status=202)

    app.wait_event("finished", "the first film to be made")
    app.wait_event("started", "a film to be under way when the worker is killed", number=3)
    worker.kill9(group=True)
    worker.launch()
    kit.wait_worker(worker)
    app.wait_quiet(QUIET_S, lambda: len(finished(app)) == FILMS)
    made = len(finished(app))
    expected = f"{FILMS} of {FILMS} films made after kill -9 of the worker and a restart"
    expect(made == FILMS, expected, f"{made}, and nothing new for {QUIET_S:g} s")


def finished(app: App) -> set[int]:
    return {event["number"] for event in app.journal.events("finished")}
