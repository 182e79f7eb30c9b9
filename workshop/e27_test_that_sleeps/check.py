"""E27: the test passes for every right shop, fails for each wrong one, and waits for neither."""

import re

from workshop.kit import Kit, TestRun
from workshop.verdict import expect

LONGEST_S = 25.0  # 15 of the README, and some for a busy machine
CUT_S = 60.0  # nine of them start at the same time
SAVED_S = 1.0
RIGHT = {"right": "that is right", "slow": "that is right and takes 2.5 s"}
WRONG = {
    "never": "that sends nothing",
    "fails": "whose job fails",
    "twice": "that sends twice",
    "wrong address": "that writes to another address",
    "lies": "that says welcomed and sends nothing",
    "wrong code": "that answers 200",
    "in the handler": "that sends before it answers",
}


def check(kit: Kit) -> None:
    runs = kit.run_tests("SHOP", [*RIGHT, *WRONG], CUT_S)
    for shop, what in RIGHT.items():
        expect(runs[shop].passed, f"your test to pass for a shop {what}", tell(runs[shop]))
    for shop, what in WRONG.items():
        ended = runs[shop].passed is not None and runs[shop].seconds < LONGEST_S
        expect(ended, f"your test to end for a shop {what}", f"it runs for over {LONGEST_S:g} s")
        expect(not runs[shop].passed, f"your test to fail for a shop {what}", "it passes")
        told = re.search(r"^E +\S", runs[shop].text, flags=re.MULTILINE)
        expect(told, f"a message for a shop {what}", tell(runs[shop]))
    quick_s, slow_s = runs["right"].seconds, runs["slow"].seconds
    expected = "a quick shop to be tested in less time than one that takes 2 s longer"
    expect(slow_s - quick_s > SAVED_S, expected, f"{quick_s:.1f} s and {slow_s:.1f} s")


def tell(run: TestRun) -> str:
    """Return the first line that says why."""
    lines = [line[1:].strip() for line in run.text.splitlines() if line.startswith("E ")]
    return lines[0] if lines else (run.text.strip().splitlines() or ["no end"])[-1]
