"""Each statement names a page and tests that exist, and no other page names a test."""

import re

from lab.approaches import ROOT
from site_making.blocks import insert
from site_making.held_by import find_tests, load_held, make_held_by

FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
TEST = re.compile(r"(?<![/\w])test_\w+")


def test_each_statement_names_a_page_and_tests_that_exist() -> None:
    known = find_tests(ROOT)

    for held in load_held(ROOT):
        assert (ROOT / "docs" / held.page).is_file(), held
        assert held.tests, held
        assert set(held.tests) <= known.keys(), held


def test_each_statement_has_a_row_with_the_file_of_each_test() -> None:
    made, files = make_held_by(ROOT).splitlines(), find_tests(ROOT)

    for held in load_held(ROOT):
        [row] = [line for line in made if line.startswith(f"| {held.statement} |")]
        for name in held.tests:
            assert f"`{name}` in `{files[name]}`" in row
            assert (ROOT / files[name]).is_file()


def test_no_other_page_names_a_test() -> None:
    """Code that a page shows or runs may hold the name of a test; its sentences may not."""
    named = {}
    for page in [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("0*/README.md"), ROOT / "README.md"]:
        prose = FENCE.sub("", insert(page.read_text(encoding="utf-8")))
        if page.name != "held_by.md" and (found := TEST.findall(prose)):
            named[page] = found

    assert not named
