"""The table, the page and the files of a comparison."""

import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from lab.compare.figures_table import COLUMNS, explain_table, make_terminal_table
from lab.compare.files import write_files
from lab.compare.report_page import make_page
from lab.load.plan import Plan
from lab.machine import describe_machine

from .fabricated import GOOD


class _Nesting(HTMLParser):
    """Finds elements that are closed in another order than they were opened."""

    def unclosed(self, page: str) -> list[str]:
        self.open: list[str] = []
        self.feed(page)
        return self.open

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()


@pytest.mark.parametrize(
    ("approach", "first_cell"),
    [
        ("02_asyncio_create_task", "02"),
        ("04_custom_queue", "04"),
        ("04_custom_queue+sqlite", "04+sqlite"),
    ],
)
def test_table_fits_80_columns_with_every_figure_whole(approach: str, first_cell: str) -> None:
    console = Console(width=80, file=None, record=True, force_terminal=False)
    console.print(make_terminal_table([replace(GOOD, approach=approach)]))

    lines = console.export_text().splitlines()

    assert max(map(len, lines)) <= 80
    cells = "29/29 20/20 3/3 6/6 1234 5678 123.4 1234 8/8 234"
    assert lines[-1].split() == [first_cell, *cells.split()]


def test_words_below_the_table_explain_every_row_and_column() -> None:
    words = explain_table([GOOD])

    assert f"  {GOOD.approach}: {GOOD.title}\n" in words
    for column in COLUMNS[1:]:
        assert f"  {column.heading}: {column.meaning}\n" in words


def test_page_holds_its_figures_and_nothing_from_elsewhere() -> None:
    page = make_page([GOOD], describe_machine(["compare"]), Plan(), [])

    remote = re.findall(r"(?:src|href|action|srcset)\s*=|url\(|@import|https?:|<script", page)
    assert remote == []
    assert "prefers-color-scheme: dark" in page
    for figure in ("29/29", "123.4 s", "1234 ms", "8 of 8"):
        assert figure in page
    assert _Nesting().unclosed(page) == []


def test_page_escapes_what_it_is_given() -> None:
    title = "<script>alert(1)</script>"

    page = make_page([replace(GOOD, title=title)], describe_machine([title]), Plan(), [title])

    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 3


def test_files_say_the_same_as_the_table(tmp_path: Path) -> None:
    sentences = ["02: promised much; seen little"]
    write_files(tmp_path, [GOOD], describe_machine(["compare"]), Plan(), sentences)

    content = json.loads((tmp_path / "compare.json").read_text())
    markdown = (tmp_path / "compare.md").read_text()

    assert content["broken_promises"] == sentences
    assert content["approaches"][0]["arrived_after_kill"] == {"seen": 8, "asked": 8}
    assert content["machine"]["python"] == sys.version.split()[0]
    assert (
        "| 02_asyncio_create_task | 29/29 | 20/20 | 3/3 | 6/6 | 1234 | 5678 | 123.4 |" in markdown
    )
    assert sentences[0] in (tmp_path / "index.html").read_text()
