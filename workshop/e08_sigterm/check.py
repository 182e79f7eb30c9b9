"""E8: SIGTERM lets short jobs end, interrupts a long one at the deadline, and then it is over."""

from lab.errors import LabError
from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import Missed, expect

JOBS = 8
END_S = 8.0


def check(kit: Kit) -> None:
    patient, hasty = kit.start_several({"patient": {"DRAIN_S": "20"}, "hasty": {"DRAIN_S": "1"}})
    for number in range(JOBS):
        patient.post(f"/letters/{number}", status=202, params={"seconds": 1.5})
    hasty.post("/letters/0", status=202, params={"seconds": 60})
    patient.part.term()
    hasty.part.term()

    wait_end(patient, END_S, "the process to end when its jobs have")
    done = patient.journal.count("finished")
    expect(done == JOBS, f"{JOBS} of {JOBS} jobs of 1.5 s finished after SIGTERM", done)
    wait_end(hasty, END_S, "with DRAIN_S=1 and a job of 60 s, the end of the process")
    cut = hasty.journal.count("interrupted")
    expect(cut == 1, "the job of 60 s recorded as interrupted", cut)


def wait_end(app: App, timeout_s: float, expected: str) -> None:
    try:
        app.part.wait_exit(timeout_s)
    except LabError:
        raise Missed(f"{expected} within {timeout_s:g} s of SIGTERM", "still running") from None
