"""E27: the test passes for every right shop, fails for each wrong one, and waits for neither."""

import re

from workshop.kit import Kit, TestRun
from workshop.verdict import expect

LONGEST_S = 20.0  # 15 of the README, and some more
CUT_S = 75.0  # ten of them start at the same time
SAVED_S = 2.0  # of 3.7
RIGHT = {"right": "that is right", "slow": "that is right and takes 4.5 s"}
WRONG = {
    "never": "that sends nothing",
    "fails": "whose job fails",
    "twice": "that sends twice",
    "copy": "that sends a copy to another address",
    "wrong address": "that writes to another address",
    "lies": "that says welcomed and sends nothing",
    "wrong code": "that answers 200",
    "in the handler": "that sends before it answers",
}


def check(kit: Kit) -> None:
    runs = kit.run_tests("SHOP", [*RIGHT, *WRONG], CUT_S)
    for shop, what in RIGHT.items():
        expect(runs[shop].passed, f"your test to pass for a shop {what}", tell(runs[shop]))
    # A busy machine is slow with the quick shop, too.
    longest_s = LONGEST_S + 3 * runs["right"].seconds
    for shop, what in WRONG.items():
        ended = runs[shop].passed is not None and runs[shop].seconds < longest_s
        expect(ended, f"your test to end for a shop {what}", f"it runs for over {longest_s:.0f} s")
        expect(not runs[shop].passed, f"your test to fail for a shop {what}", "it passes")
        told = re.search(r"^E +\S", runs[shop].text, flags=re.MULTILINE)
        expect(told, f"a message for a shop {what}", tell(runs[shop]))
    quick_s, slow_s = runs["right"].seconds, runs["slow"].seconds
    expected = "a quick shop to be tested in less time than one that takes 3.7 s longer"
    expect(slow_s - quick_s > SAVED_S, expected, f"{quick_s:.1f} s and {slow_s:.1f} s")


def tell(run: TestRun) -> str:
    """Return the first line that says why."""
    lines = [line[1:].strip() for line in run.text.splitlines() if line.startswith("E ")]
    return lines[0] if lines else (run.text.strip().splitlines() or ["no end"])[-1]
