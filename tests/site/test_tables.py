"""The generated tables of README and site are what their sources say today."""

import re
from pathlib import Path

import pytest

from lab.approaches import load_approaches
from site_making.blocks import BLOCK, BLOCKS, readmes, refresh
from site_making.tables import PROMISES


@pytest.mark.parametrize("page", readmes(), ids=lambda page: page.parent.name)
def test_no_generated_table_is_stale(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert refresh(text) == text, f"{page.name} is stale: run `make tables`"


def test_every_marker_is_a_known_block_with_an_end() -> None:
    for page in readmes():
        text = page.read_text(encoding="utf-8")
        started = re.findall(r"<!-- ([a-z0-9-]+): start -->", text)

        found = [block["name"] for block in BLOCK.finditer(text)]

        assert found == started
        assert set(started) <= BLOCKS.keys()


def test_every_promise_of_every_approach_has_its_row() -> None:
    for approach in load_approaches().values():
        assert approach.promises.keys() == PROMISES.keys()


def test_a_changed_promise_changes_the_table() -> None:
    text = "<!-- promises: start -->\nold\n<!-- promises: end -->"

    assert "| **yes** |" in refresh(text)
    assert "old" not in refresh(text)
