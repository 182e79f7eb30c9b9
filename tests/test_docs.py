"""The site builds without a warning, loads nothing from other hosts, and shows tested code only."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
FENCE = re.compile(
    r"^ *(`{3,})(?P<language>\w*)[^\n]*\n(?P<code>.*?)^ *\1 *$", re.MULTILINE | re.DOTALL
)
SNIPPET = re.compile(r' *--8<-- "[^"\s]+"')
SHELL = {"sh", "console", "text"}
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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site strictly; a single warning fails."""
    folder = tmp_path_factory.mktemp("site")
    # Not with --quiet: it hides warnings from --strict too.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}

    built = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=100
    )

    output = built.stdout + built.stderr
    assert built.returncode == 0, output
    assert "WARNING" not in output, output
    return folder


def test_every_page_is_built_and_no_include_is_left_unresolved(site: Path) -> None:
    pages = list(site.rglob("index.html"))

    assert len(pages) == len(PAGES)
    for page in pages:
        assert "8<-" not in page.read_text(encoding="utf-8"), page


def test_pages_load_nothing_from_another_host(site: Path) -> None:
    assets = {asset for page in site.rglob("*.html") for asset in find_assets(page)}

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
    for block in FENCE.finditer(page.read_text(encoding="utf-8")):
        if block["language"] not in SHELL:
            lines = block["code"].splitlines()
            assert lines, f"an empty block in {page}"
            assert all(SNIPPET.fullmatch(line) for line in lines), block[0]


def test_each_approach_has_its_page() -> None:
    folders = {path.parent.name for path in ROOT.glob("[0-9][0-9]_*/main.py")}

    assert {path.parent.name for path in PAGES} == {"docs", "workshop", *folders}
