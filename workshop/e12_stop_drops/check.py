"""E12: stop lets jobs end until its deadline, and no job is left in a state that is no end."""

import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor

from workshop.app_under_check import App
from workshop.chance import some_count
from workshop.kit import Kit
from workshop.verdict import Missed, expect

STOP_S = 3.0
SLACK_S = 2.5
LONG_S = 5.0
FAR_S = 60.0
SHORT_S = 2.0
FEW = 3  # jobs may be taken until stop has begun


def check(kit: Kit) -> None:
    patient, quick = kit.start_several({"patient": {}, "quick": {}})
    first = some_count(1, 9000)
    short = range(first, first + some_count(3, 4))
    long = range(short.stop, short.stop + some_count(3, 5))  # two run, the others wait
    last = range(long.stop, long.stop + 2)  # would end at once if a worker went on
    left = range(long.start, last.stop)

    began = time.monotonic()
    post(quick, short, SHORT_S)  # as long together as no fixed deadline would allow
    work_s = (len(short) + 1) // 2 * SHORT_S
    post(patient, short, 1)
    post(patient, long, LONG_S)
    post(patient, last, 0)
    with ThreadPoolExecutor() as threads:
        stopping = threads.submit(stop, patient, STOP_S)
        quickly = threads.submit(stop, quick, FAR_S, work_s + SLACK_S)
        expect_closed_meanwhile(patient, stopping)
        stopping.result()
        spent_s = quickly.result() - began  # it does not wait for its deadline
    expect_states(patient, short, "finished", f"short jobs finished after stop({STOP_S:g})")
    expect_states(quick, short, "finished", f"short jobs finished after stop({FAR_S:g})")
    expected = f"two jobs at a time, so {work_s:g} s for {len(short)} jobs of {SHORT_S:g} s"
    expect(spent_s > work_s, expected, f"{spent_s:.1f} s")
    expect_states(patient, left, "interrupted", f"other jobs interrupted by stop({STOP_S:g})")
    stop(patient, 0.5)
    expect_states(patient, left, "interrupted", "jobs still interrupted after a second stop")
    expect_states(patient, short, "finished", "short jobs still finished after a second stop")
    for number in short:
        count = patient.journal.count("finished", number=number)
        expect(count == 1, "each short job done once", count)
    patient.post("/jobs/99", status=503, params={"seconds": 0})

    patient.wait_quiet(LONG_S - 2)  # a job that still runs would end in this time
    done = sum(patient.journal.count("finished", number=number) for number in left)
    expect(done == 0, "an interrupted job to be over", f"{done} of them finished afterwards")


def post(app: App, numbers: range, seconds: float) -> None:
    for number in numbers:
        app.post(f"/jobs/{number}", status=202, params={"seconds": seconds})


def expect_closed_meanwhile(app: App, stopping: Future[float]) -> None:
    """Post as long as `stop` waits: as soon as it has begun, the answer is 503."""
    taken = 0
    while not stopping.done():
        status = app.post(f"/jobs/{90_000 + taken}", params={"seconds": 0}).status
        time.sleep(0.2)
        if status == 503 and not stopping.done():
            return
        taken += status == 202
    expected = "503 for a new job while stop still waits"
    expect(taken <= FEW, expected, f"202, {taken} times until its end")


def stop(app: App, timeout_s: float, within_s: float | None = None) -> float:
    """Call `stop`; return the moment (monotonic seconds) of its end."""
    limit_s = within_s or timeout_s + SLACK_S
    try:
        path, params = "/stop", {"timeout_s": timeout_s}
        return app.post(path, status=200, params=params, timeout_s=limit_s).answered_at
    except Missed as missed:
        if missed.seen != "none":
            raise
        raise Missed(f"stop({timeout_s:g}) to return within {limit_s:g} s", "it waits") from None


def expect_states(app: App, numbers: range, wanted: str, expected: str) -> None:
    states = app.get("/jobs", status=200)
    seen = Counter(states.get(str(number)) or "unknown" for number in numbers)
    told = ", ".join(f"{count} {state}" for state, count in sorted(seen.items()))
    expect(seen == {wanted: len(numbers)}, f"{len(numbers)} {expected}", told)
