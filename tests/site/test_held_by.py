"""Each statement names a page and tests that exist, and no other page names a test."""

import re
from pathlib import Path

from lab.approaches import ROOT
from site_making.held_by import find_tests, load_held, make_held_by

TEST = re.compile(r"\btest_\w+")


def test_each_statement_names_a_page_and_tests_that_exist() -> None:
    known = find_tests(ROOT)

    for held in load_held(ROOT):
        assert (ROOT / "docs" / held.page).is_file(), held
        assert held.tests, held
        assert set(held.tests) <= known.keys(), held


def test_each_statement_has_a_row_with_the_file_of_each_test() -> None:
    made = make_held_by(ROOT)

    for held in load_held(ROOT):
        [row] = [line for line in made.splitlines() if line.startswith(f"| {held.statement} |")]
        for name in held.tests:
            assert f"`{name}` in `{find_tests(ROOT)[name]}`" in row
            assert (ROOT / find_tests(ROOT)[name]).is_file()


def find_named(page: Path) -> list[str]:
    """Return the tests that a page names as evidence, not in code that it shows or runs."""
    prose = re.sub(r"^ *```.*?^ *```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return TEST.findall(prose)
