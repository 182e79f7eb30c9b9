"""The site builds without a warning, loads nothing from other hosts, and shows tested code only."""

import re
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from site_making.blocks import BLOCK
from site_making.claims import load_claims
from site_making.guide import load_guide
from site_making.held_by import find_tests
from site_making.symptoms import THREAD, load_symptoms
from tests.support.site import ROOT

PAGES = sorted((ROOT / "docs").rglob("*.md"))
FENCE = re.compile(
    r"^ *(`{3,})(?P<language>\w*)[^\n]*\n(?P<code>.*?)^ *\1 *$", re.MULTILINE | re.DOTALL
)
SNIPPET = re.compile(r' *--8<-- "[^"\s]+"')
SHELL = {"sh", "console", "text"}
MEASURED = {"figures.md", "survival.md", "bench.md", "claims.md"}
LOADING_LINKS = {"stylesheet", "icon", "preload", "preconnect", "modulepreload", "manifest"}


class AssetFinder(HTMLParser):
    """Collect the addresses that a browser loads to show a page."""

    def __init__(self) -> None:
        super().__init__()
        self.assets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag == "link" and LOADING_LINKS & set(facts.get("rel", "").split()):
            self.assets.append(facts["href"])
        elif "src" in facts:
            self.assets.append(facts["src"])


def is_remote(address: str) -> bool:
    return address.startswith(("http:", "https:", "//"))


def find_assets(page: Path) -> list[str]:
    finder = AssetFinder()
    finder.feed(page.read_text(encoding="utf-8"))
    return finder.assets


def strip_generated(markdown: str) -> str:
    """Leave out the generated blocks: another test holds them to their sources."""
    return BLOCK.sub("", markdown)


def test_every_page_is_built_and_no_include_is_left_unresolved(site: Path) -> None:
    pages = list(site.rglob("index.html"))

    assert len(pages) == len(PAGES)
    for page in pages:
        assert "8<-" not in page.read_text(encoding="utf-8"), page


def test_pages_load_nothing_from_another_host(site: Path, folder_site: Path) -> None:
    pages = [*site.rglob("*.html"), *folder_site.rglob("*.html")]
    assets = {asset for page in pages for asset in find_assets(page)}

    assert any(asset.endswith(".css") for asset in assets)
    assert not [asset for asset in assets if is_remote(asset)]


def test_stylesheets_load_nothing_from_another_host(site: Path) -> None:
    sheets = list(site.rglob("*.css"))

    assert sheets
    for sheet in sheets:
        loaded = re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s]+)", sheet.read_text("utf-8"))
        assert not [address for address in loaded if is_remote(address)], sheet


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_on_a_page_is_included_from_a_tested_file(page: Path) -> None:
    for block in FENCE.finditer(strip_generated(page.read_text(encoding="utf-8"))):
        if block["language"] not in SHELL:
            lines = block["code"].splitlines()
            assert lines, f"an empty block in {page}"
            assert all(SNIPPET.fullmatch(line) for line in lines), block[0]


def test_every_symptom_is_shown_by_a_test_or_a_trap_and_names_its_threads() -> None:
    known, claims = find_tests(ROOT).keys(), load_claims(ROOT).keys()
    for symptom in chain.from_iterable(load_symptoms(ROOT).values()):
        assert symptom["tests"], symptom
        assert set(symptom["tests"]) <= known, symptom["symptom"]
        assert set(symptom.get("claims", [])) <= claims, symptom["symptom"]
        if "exercise" in symptom:
            assert (ROOT / "workshop" / symptom["exercise"] / "check.py").is_file(), symptom
        assert all(THREAD.fullmatch(thread) for thread in symptom["threads"]), symptom["symptom"]


@pytest.mark.parametrize(
    "outcome", load_guide(ROOT)["outcomes"].values(), ids=list(load_guide(ROOT)["outcomes"])
)
def test_outcome_has_a_page_a_measurement_and_an_exercise(
    outcome: dict[str, Any],  # Any: the shape that the file says
) -> None:
    pages = {link.partition("#")[0] for link in outcome["links"].values()}

    assert pages & MEASURED
    assert pages - MEASURED
    assert outcome["exercises"]
    for folder in outcome["exercises"]:
        assert (ROOT / "workshop" / folder / "check.py").is_file(), folder


def test_each_approach_has_its_page() -> None:
    folders = {path.parent.name for path in ROOT.glob("[0-9][0-9]_*/main.py")}

    assert folders <= {path.parent.name for path in PAGES}
