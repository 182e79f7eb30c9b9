"""E11: stop lets jobs end until its deadline, and no job is left in a state that is no end."""

from collections import Counter

from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import Missed, expect

JOBS = 8


def check(kit: Kit) -> None:
    quick, slow = kit.start_several({"quick": {}, "slow": {}})
    for number in range(JOBS):
        slow.post(f"/jobs/{number}", status=202, params={"seconds": 60})
    for number in range(JOBS):
        quick.post(f"/jobs/{number}", status=202, params={"seconds": 1})

    stop(quick, 20)
    seen = count_states(quick)
    expect(seen == {"finished": JOBS}, f"{JOBS} short jobs finished after stop(20)", say(seen))

    stop(slow, 1)
    seen = count_states(slow)
    expect(seen == {"interrupted": JOBS}, f"{JOBS} long jobs interrupted by stop(1)", say(seen))
    done = slow.journal.count("finished")
    expect(done == 0, "no finished job among those of 60 s", done)
    stop(slow, 1)
    slow.post("/jobs/99", status=503, params={"seconds": 0})


def stop(app: App, timeout_s: float) -> None:
    limit_s = timeout_s + 5
    try:
        app.post("/stop", status=200, params={"timeout_s": timeout_s}, timeout_s=limit_s)
    except Missed as missed:
        if missed.seen != "none":
            raise
        raise Missed(f"stop({timeout_s:g}) to return within {limit_s:g} s", "it waits") from None


def count_states(app: App) -> Counter[str]:
    return Counter(app.get("/jobs", status=200).body.values())


def say(states: Counter[str]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
