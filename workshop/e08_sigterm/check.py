"""E8: SIGTERM lets short jobs end, interrupts a long one at the deadline, and then it is over."""

from lab.errors import LabError
from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import Missed, expect

JOBS = 8
DRAIN_S = 3
END_S = 6.0


def check(kit: Kit) -> None:
    app = kit.start(env={"DRAIN_S": str(DRAIN_S)})
    for number in range(JOBS):
        app.post(f"/letters/{number}", status=202, params={"seconds": 1})
    app.post(f"/letters/{JOBS}", status=202, params={"seconds": 60})
    app.part.term()

    wait_end(app)
    done = app.journal.count("finished")
    expect(done == JOBS, f"{JOBS} of {JOBS} jobs of 1 s finished after SIGTERM", done)
    cut = app.journal.count("interrupted")
    expect(cut == 1, "the job of 60 s recorded as interrupted", cut)


def wait_end(app: App) -> None:
    try:
        app.part.wait_exit(END_S)
    except LabError:
        expected = f"the end of the process within {END_S:g} s of SIGTERM, with DRAIN_S={DRAIN_S}"
        raise Missed(f"{expected} and a job of 60 s", "still running") from None
