"""E26: a job that kills its worker is given up after three starts, and good ones are made once."""

from workshop.app_under_check import App
from workshop.chance import some_count, some_names
from workshop.kit import Kit
from workshop.verdict import expect

MOST_STARTS = 3
END_S = 25.0
QUIET_S = 2.0


def check(kit: Kit) -> None:
    kit.start_valkey()
    app = kit.start()
    kit.start_worker(concurrency=2)
    before, behind = some_names(2, "good-"), some_names(some_count(3, 4), "good-")
    pills = some_names(some_count(1, 2), "poison-")
    for name in (*before, *pills, *behind):
        app.post(f"/pictures/{name}", status=202)

    for name in (*before, *behind):
        expect_made_once(app, name)
    for pill in pills:
        failed = app.wait_status(f"/pictures/{pill}", "status", {"failed", "finished"}, END_S)
        expected = "status failed for a picture that kills its worker"
        expect(failed.get("status") == "failed", expected, repr(failed.get("status")))
        expect(failed.get("error"), "an error that says why it was given up", failed.body)
    app.wait_quiet(QUIET_S)
    for pill in pills:
        starts = app.journal.count("started", name=pill)
        expected = f"{MOST_STARTS} starts of a picture that kills its worker"
        expect(starts == MOST_STARTS, expected, starts)

    for name in some_names(2, "late-"):  # the worker lives
        app.post(f"/pictures/{name}", status=202)
        expect_made_once(app, name)
    for name in (*before, *behind):
        drawn = app.journal.count("drawn", name=name)
        expect(drawn == 1, "each good picture drawn once", drawn)
    app.get("/pictures/no-such-picture", status=404)


def expect_made_once(app: App, name: str) -> None:
    app.wait_status(f"/pictures/{name}", "status", {"finished"}, END_S)
    drawn = app.journal.count("drawn", name=name)
    expect(drawn == 1, "each good picture drawn once", drawn)
