"""E9: SIGTERM lets short jobs end, interrupts long ones at one deadline, and then it is over."""

import time

from lab.errors import LabError
from workshop.app_under_check import App
from workshop.chance import shuffled, some_count
from workshop.kit import Kit
from workshop.verdict import Missed, expect

DRAIN_S = 2
HASTE_S = 0.2
SLACK_S = 3.0
COMPLETE = "Application shutdown complete"


def check(kit: Kit) -> None:
    busy, hasty, patient, idle = kit.start_several(
        {
            "busy": {"DRAIN_S": str(DRAIN_S)},
            "hasty": {"DRAIN_S": str(HASTE_S)},
            "patient": {"DRAIN_S": "30"},
            "idle": {"DRAIN_S": "30"},
        }
    )
    short, long = some_count(5, 8), some_count(3, 4)
    letters = dict(enumerate(shuffled([1] * short + [1.5] + [60] * long)))
    for number, seconds in letters.items():
        send(busy, number, seconds)
    send(patient, 1, 1)
    send(hasty, 1, DRAIN_S)
    for app in (busy, hasty, patient, idle):
        app.part.term()

    stopped_at = time.monotonic()
    wait_end(busy, stopped_at, DRAIN_S, f"DRAIN_S={DRAIN_S} and {long} jobs of 60 s")
    expect_ends(busy, "finished", [n for n, seconds in letters.items() if seconds < DRAIN_S])
    expect_ends(busy, "interrupted", [n for n, seconds in letters.items() if seconds > DRAIN_S])
    wait_end(patient, stopped_at, 1, "DRAIN_S=30 and one job of 1 s")
    expect_ends(patient, "finished", [1])
    wait_end(hasty, stopped_at, HASTE_S, f"DRAIN_S={HASTE_S} and one job of {DRAIN_S} s")
    expect_ends(hasty, "interrupted", [1])
    wait_end(idle, stopped_at, 0, "no job at all")
    for app in (busy, hasty, patient, idle):
        expect(not app.last_error(), "a stop without an error in the log", app.last_error())
        expected = f"the shut-down to come to its end: {COMPLETE!r} in the log"
        expect(COMPLETE in app.part.log_text(), expected, "a process that left before")


def send(app: App, number: int, seconds: float) -> None:
    app.post(f"/letters/{number}", status=202, params={"seconds": seconds})


def expect_ends(app: App, event: str, numbers: list[int]) -> None:
    told = sorted(each["number"] for each in app.journal.events(event))
    jobs = "job" if len(numbers) == 1 else "jobs"
    expected = f"{len(numbers)} {jobs} recorded as {event} after SIGTERM, each once"
    expect(told == numbers, expected, f"{len(told)}, of {len(set(told))} jobs")


def wait_end(app: App, stopped_at: float, work_s: float, what: str) -> None:
    """Wait until the process has ended; the limit counts from the moment of SIGTERM."""
    limit_s = work_s + SLACK_S
    try:
        app.part.wait_exit(max(0.1, stopped_at + limit_s - time.monotonic()))
    except LabError:
        expected = f"the end of the process within {limit_s:g} s of SIGTERM, with {what}"
        raise Missed(expected, "still running") from None
