"""E9: SIGTERM lets short jobs end, interrupts long ones at one deadline, and then it is over."""

from lab.errors import LabError
from workshop.app_under_check import App
from workshop.chance import shuffled, some_count
from workshop.kit import Kit
from workshop.verdict import Missed, expect

DRAIN_S = 2
SLACK_S = 3.0


def check(kit: Kit) -> None:
    busy, patient, idle = kit.start_several(
        {
            "busy": {"DRAIN_S": str(DRAIN_S)},
            "patient": {"DRAIN_S": "30"},
            "idle": {"DRAIN_S": "30"},
        }
    )
    short, long = some_count(5, 8), some_count(3, 4)
    letters = dict(enumerate(shuffled([1] * short + [60] * long)))
    for number, seconds in letters.items():
        send(busy, number, seconds)
    send(patient, 1, 1)
    for app in (busy, patient, idle):
        app.part.term()

    wait_end(busy, DRAIN_S, f"DRAIN_S={DRAIN_S} and {long} jobs of 60 s")
    expect_ends(busy, "finished", [number for number, s in letters.items() if s == 1])
    expect_ends(busy, "interrupted", [number for number, s in letters.items() if s == 60])
    wait_end(patient, 1, "DRAIN_S=30 and one job of 1 s")
    expect_ends(patient, "finished", [1])
    wait_end(idle, 0, "no job at all")
    for app in (patient, idle):
        expect(not app.last_error(), "a stop without an error in the log", app.last_error())


def send(app: App, number: int, seconds: int) -> None:
    app.post(f"/letters/{number}", status=202, params={"seconds": seconds})


def expect_ends(app: App, event: str, numbers: list[int]) -> None:
    told = sorted(each["number"] for each in app.journal.events(event))
    expected = f"{len(numbers)} jobs recorded as {event} after SIGTERM, each once"
    expect(told == numbers, expected, f"{len(told)}, of {len(set(told))} jobs")


def wait_end(app: App, work_s: float, what: str) -> None:
    limit_s = work_s + SLACK_S
    try:
        app.part.wait_exit(limit_s)
    except LabError:
        expected = f"the end of the process within {limit_s:g} s of SIGTERM, with {what}"
        raise Missed(expected, "still running") from None
