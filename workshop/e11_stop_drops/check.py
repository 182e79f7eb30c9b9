"""E11: stop lets jobs end until its deadline, and no job is left in a state that is no end."""

from collections import Counter

from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import Missed, expect

SHORT = [0, 1, 2, 3]
LONG = [4, 5, 6, 7]
STOP_S = 4.0
SLACK_S = 3.0


def check(kit: Kit) -> None:
    app = kit.start()
    for number in SHORT:
        app.post(f"/jobs/{number}", status=202, params={"seconds": 1})
    for number in LONG:
        app.post(f"/jobs/{number}", status=202, params={"seconds": 60})

    stop(app, STOP_S)
    seen = count_states(app, SHORT)
    expected = f"{len(SHORT)} short jobs finished after stop({STOP_S:g})"
    expect(seen == {"finished": len(SHORT)}, expected, say(seen))
    seen = count_states(app, LONG)
    expected = f"{len(LONG)} long jobs interrupted by stop({STOP_S:g})"
    expect(seen == {"interrupted": len(LONG)}, expected, say(seen))
    done = app.journal.count("finished")
    expect(done == len(SHORT), "no finished job among those of 60 s", done)
    stop(app, 0.5)
    app.post("/jobs/99", status=503, params={"seconds": 0})


def stop(app: App, timeout_s: float) -> None:
    limit_s = timeout_s + SLACK_S
    try:
        app.post("/stop", status=200, params={"timeout_s": timeout_s}, timeout_s=limit_s)
    except Missed as missed:
        if missed.seen != "none":
            raise
        raise Missed(f"stop({timeout_s:g}) to return within {limit_s:g} s", "it waits") from None


def count_states(app: App, numbers: list[int]) -> Counter[str]:
    states = app.get("/jobs", status=200)
    return Counter(str(states.get(str(number))) for number in numbers)


def say(states: Counter[str]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
