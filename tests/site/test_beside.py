"""What is made beside the pages: Markdown, an index of it, descriptions, a card, addresses."""

import re
from html import unescape
from pathlib import Path

import pytest
from mkdocs.config import load_config
from PIL import Image

from site_making.beside.hooks import on_config
from tests.support.site import ADDRESS, REPOSITORY, ROOT

PAGES = sorted(path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md"))


def test_each_page_has_its_markdown_with_all_that_it_includes(site: Path) -> None:
    for page in PAGES:
        text = (site / page).read_text(encoding="utf-8")

        assert text.startswith("# "), page
        assert not re.search(r'^ *(?:--8<-- "|<!--)', text, re.MULTILINE), page
    learn = (site / "learn" / "01_background_tasks.md").read_text(encoding="utf-8")
    assert "background.add_task(send_email, to)" in learn
    assert "api | sent to ann@example.com" in learn
    matrix = (site / "survival.md").read_text(encoding="utf-8")
    assert "| `kill -9` of the API | lost 8 |" in matrix


def test_index_for_assistants_names_each_page_with_what_it_says(site: Path) -> None:
    lines = (site / "llms.txt").read_text(encoding="utf-8").splitlines()
    entries = [re.fullmatch(r"- \[(.+?)\]\((.+?)\): (.+)", line) for line in lines]
    named = {entry[2]: entry[3] for entry in entries if entry}

    assert lines[0].startswith("# ")
    assert lines[2].startswith("> ")
    assert named.keys() == {f"{ADDRESS}{page}" for page in PAGES}
    assert all((site / page).is_file() for page in PAGES)


def test_each_page_describes_itself_and_links_to_its_markdown(site: Path) -> None:
    described = {}
    for page in site.rglob("index.html"):
        text = page.read_text(encoding="utf-8")
        found = re.search(r'<meta name="description" content="(.+?)">', text)
        link = re.search(r'type="text/markdown" title="Markdown" href="(.+?)"', text)

        assert found, page
        assert link, page
        assert (page.parent / link[1]).is_file(), page
        described[page] = unescape(found[1])
    assert len(set(described.values())) == len(described)


def test_card_is_drawn(site: Path) -> None:
    with Image.open(site / "assets" / "card.png") as card:
        assert card.size == (1200, 630)


def test_addresses_follow_from_the_name_of_the_repository(site: Path, folder_site: Path) -> None:
    page = (site / "choose" / "index.html").read_text(encoding="utf-8")
    assert f'<link rel="canonical" href="{ADDRESS}choose/">' in page
    assert f'<meta property="og:image" content="{ADDRESS}assets/card.png">' in page
    assert f"<loc>{ADDRESS}choose/</loc>" in (site / "sitemap.xml").read_text(encoding="utf-8")
    assert f"]({ADDRESS}choose.md)" in (site / "llms.txt").read_text(encoding="utf-8")
    assert "](choose.md)" in (folder_site / "llms.txt").read_text(encoding="utf-8")


def test_one_setting_names_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
    monkeypatch.setenv("SITE_URL", "https://example.org/jobs/")
    config = load_config(str(ROOT / "mkdocs.yml"))

    on_config(config)

    assert config.site_url == "https://example.org/jobs/"
