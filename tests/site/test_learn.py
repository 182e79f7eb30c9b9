"""The Learn pages have enough words, show every output, and include all code from files."""

import re
from pathlib import Path

import pytest

from lab.approaches import ROOT
from lab.steps.ladder import find_step, find_steps
from site_making.steps import CHANGES, make_changes, read_code, show_changes

LEARN = ROOT / "docs" / "learn"
LADDERS = sorted(LEARN.glob("0*.md"))
PARTS = ["Run it", "You see", "Predict", "Break it.", "Why.", "Your turn."]
INCLUDED = re.compile(r'--8<-- "([^"]+\.(?:py|txt))"')
FENCE = re.compile(r"^ *```.*?^ *``` *$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!-- (?!changes).*?-->", re.DOTALL)

by_ladder = pytest.mark.parametrize("page", LADDERS, ids=lambda page: page.stem)


def count_lines(markdown: str) -> int:
    """Count the lines of code that the page shows as new or as taken away."""
    whole = [path for path in INCLUDED.findall(markdown) if path.endswith(".py")]
    lines = [line for path in whole for line in read_code(ROOT / path)]
    for _, old, new in CHANGES.findall(markdown):
        lines += [line[1:] for line in make_changes(ROOT, old, new) if line[0] in "+-"]
    return sum(bool(line.strip()) for line in lines)


def count_words(markdown: str) -> int:
    """Count the words of prose: no code, no output, no addresses of links, no tables."""
    prose = re.sub(r"^\|.*$", "", FENCE.sub("", COMMENT.sub("", markdown)), flags=re.MULTILINE)
    prose = re.sub(r"\]\([^)]*\)", "]", CHANGES.sub("", prose))
    return len(re.findall(r"[^\W\d_][\w'’-]*", prose))


@by_ladder
def test_a_ladder_has_15_to_25_words_for_each_line_of_code(page: Path) -> None:
    markdown = page.read_text(encoding="utf-8")

    words, lines = count_words(markdown), count_lines(markdown)

    assert 15 <= words / lines <= 25, f"{words} words for {lines} lines"


@by_ladder
def test_a_ladder_shows_every_step_in_all_its_parts(page: Path) -> None:
    markdown = page.read_text(encoding="utf-8")
    steps = [step for step in find_steps() if step.folder == page.stem]
    sections = re.split(r"^## ", markdown, flags=re.MULTILINE)[1:]

    assert len(steps) == 7
    assert len(sections) == 8
    for number, (step, section) in enumerate(zip(steps, sections[:7], strict=True), start=1):
        assert section.startswith(f"{number}. {step.question}\n")
        assert f'--8<-- "{step.transcript.relative_to(ROOT)}"' in section
        assert f"\nmake {step.short}\n" in section
        assert [part for part in PARTS if part not in section] == [], step.short
        shown = f"changes: {step.short[:2]}/s{number - 1} {step.short} " if number > 1 else ".py"
        assert shown in section
    assert "What main.py adds to s7" in sections[7]


def test_seven_questions_has_the_row_of_each_step() -> None:
    markdown = (LEARN / "seven_questions.md").read_text(encoding="utf-8")

    for number in range(1, 8):
        for old, new in (("01", "02"), ("02", "04"), ("01", "03")):
            assert f"<!-- changes: {old}/s{number} {new}/s{number} -->" in markdown
            question = find_step(f"{new}/s{number}").question
            assert f"## {number}. {question}\n" in markdown


def test_a_difference_marks_what_is_new_and_names_where_it_stands() -> None:
    shown = show_changes("<!-- changes: 01/s2 01/s3 -->")

    assert shown.startswith('```diff title="01/s2 → 01/s3"\n')
    assert "\n@@ run @@\n" in shown
    assert "\n+    try:\n" in shown
    assert '"""' not in shown  # the docstrings differ in all steps


def test_equal_steps_are_said_to_be_equal() -> None:
    shown = show_changes("    <!-- changes: 01/s4 01/s4 -->")

    assert shown == "    01/s4 → 01/s4: no line of code differs."
