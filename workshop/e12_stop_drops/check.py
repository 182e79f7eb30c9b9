"""E12: stop lets jobs end until its deadline, and no job is left in a state that is no end."""

from collections import Counter

from workshop.app_under_check import App
from workshop.chance import some_count
from workshop.kit import Kit
from workshop.verdict import Missed, expect

STOP_S = 3.0
SLACK_S = 3.0
LONG_S = 5.0
FAR_S = 60.0


def check(kit: Kit) -> None:
    patient, quick = kit.start_several({"patient": {}, "quick": {}})
    first = some_count(1, 9000)
    short = range(first, first + some_count(3, 4))
    long = range(short.stop, short.stop + some_count(3, 5))  # two run, the others wait

    post(patient, short, 1)
    post(patient, long, LONG_S)
    stop(patient, STOP_S)
    expect_states(patient, short, "finished", f"short jobs finished after stop({STOP_S:g})")
    expect_states(patient, long, "interrupted", f"long jobs interrupted by stop({STOP_S:g})")
    stop(patient, 0.5)
    expect_states(patient, long, "interrupted", "long jobs still interrupted after a second stop")
    for number in short:
        count = patient.journal.count("finished", number=number)
        expect(count == 1, "each short job done once", count)
    patient.post("/jobs/99", status=503, params={"seconds": 0})

    post(quick, short, 0.5)
    stop(quick, FAR_S, within_s=len(short) * 0.5 + SLACK_S)  # it does not wait for its deadline
    expect_states(quick, short, "finished", f"short jobs finished after stop({FAR_S:g})")

    patient.wait_quiet(LONG_S - 2)  # a job that still runs would end in this time
    done = patient.journal.count("finished") - len(short)
    expect(done == 0, "an interrupted job to be over", f"{done} of them finished afterwards")


def post(app: App, numbers: range, seconds: float) -> None:
    for number in numbers:
        app.post(f"/jobs/{number}", status=202, params={"seconds": seconds})


def stop(app: App, timeout_s: float, within_s: float | None = None) -> None:
    limit_s = within_s or timeout_s + SLACK_S
    try:
        app.post("/stop", status=200, params={"timeout_s": timeout_s}, timeout_s=limit_s)
    except Missed as missed:
        if missed.seen != "none":
            raise
        raise Missed(f"stop({timeout_s:g}) to return within {limit_s:g} s", "it waits") from None


def expect_states(app: App, numbers: range, wanted: str, expected: str) -> None:
    states = app.get("/jobs", status=200)
    seen = Counter(str(states.get(str(number))) for number in numbers)
    told = ", ".join(f"{count} {state}" for state, count in sorted(seen.items()))
    expect(seen == {wanted: len(numbers)}, f"{len(numbers)} {expected}", told)
