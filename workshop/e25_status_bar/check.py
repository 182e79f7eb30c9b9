"""E25: whoever is asked knows every film; the bar grows step by step and never goes back."""

import time
from concurrent.futures import ThreadPoolExecutor

from workshop.app_under_check import Answer, App
from workshop.chance import some_count, some_name
from workshop.kit import Kit
from workshop.verdict import Missed, expect

STEPS = 10
SETTLE_S = 0.05
END_S = 30.0


def check(kit: Kit) -> None:
    app = kit.start(args=["--workers", "4"])

    breaks_at = some_count(2, 7)
    films = create_at_once(app, [*[-1] * some_count(8, 9), 0, breaks_at, breaks_at + 1])
    bars = watch(app, list(films))
    for film, breaks in films.items():
        percents = [percent for _, percent in bars[film]]
        expect(percents == sorted(percents), "a percentage that never goes back", percents)
        end = bars[film][-1]
        if breaks < 0:
            expect(end == ("finished", 100), "finished at 100 percent", end)
        else:
            expected = f"failed at {breaks * 10} percent"
            expect(end == ("failed", breaks * 10), expected, end)
        again = {read_bar(app, film) for _ in range(4)}
        expect(again == {end}, f"{end} again, whenever it is asked for later", sorted(again))
    for _ in range(8):  # some of the processes
        app.get(f"/films/{some_name()}", status=404)


def create_at_once(app: App, breaks: list[int]) -> dict[str, int]:
    """Create so many films at once, for all processes; return the step at which each breaks."""

    def create(breaks_at: int) -> Answer:
        return app.post("/films", status=202, params={"breaks_at": breaks_at})

    with ThreadPoolExecutor(len(breaks)) as threads:
        ids = [str(answer.get("film_id")) for answer in threads.map(create, breaks)]
    return dict(zip(ids, breaks, strict=True))


def read_bar(app: App, film: str) -> tuple[str, int]:
    answer = app.get(f"/films/{film}")
    expected = "every film known, whichever process is asked"
    expect(answer.status == 200, expected, app.describe(answer))
    percent = answer.get("percent")
    expect(isinstance(percent, int | float), "a number in percent", repr(percent))
    return str(answer.get("status")), int(percent)


def expect_true(app: App, film: str, percent: int, made_before: int) -> None:
    """Compare a bar with the steps that were made before it was asked for, and behind the answer.

    The step that was made last may not have been written down yet.
    """
    least = (made_before - 1) * 100 // STEPS
    expected = f"at least {least} percent when {made_before} steps of {STEPS} are made"
    expect(percent >= least, expected, percent)
    if percent > app.journal.count("step", film_id=film) * 100 // STEPS:
        time.sleep(SETTLE_S)
        made = app.journal.count("step", film_id=film)
        most = made * 100 // STEPS
        expect(percent <= most, f"no more than {most} percent when {made} steps are made", percent)


def watch(app: App, films: list[str]) -> dict[str, list[tuple[str, int]]]:
    """Ask for all films until each has ended, on new connections: any process may answer."""
    bars: dict[str, list[tuple[str, int]]] = {film: [] for film in films}
    until = time.monotonic() + END_S
    while not all(bar and bar[-1][0] in ("finished", "failed") for bar in bars.values()):
        for film, bar in bars.items():
            made = app.journal.count("step", film_id=film)
            bar.append(read_bar(app, film))
            expect_true(app, film, bar[-1][1], made)
        if time.monotonic() > until:
            open_ones = [
                bar[-1] for bar in bars.values() if bar[-1][0] not in ("finished", "failed")
            ]
            raise Missed(f"each film finished or failed within {END_S:g} s", str(open_ones[0]))
        time.sleep(0.03)
    return bars
