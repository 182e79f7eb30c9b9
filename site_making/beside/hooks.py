"""Hooks of mkdocs: plain Markdown beside the pages, `llms.txt`, a description and a card for each.

The pages themselves do not need them: a generator of sites without hooks lacks only these files.
"""

import html
import os
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

from site_making.beside.card import draw_card
from site_making.beside.llms import make_llms
from site_making.beside.markdown_pages import make_plain
from site_making.recorded import write_scripts

LONGEST_DESCRIPTION = 200
CARD = "assets/card.png"
_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_read: dict[str, Page] = {}


def on_config(config: MkDocsConfig) -> None:
    """Find the address of the site on GitHub Pages, if SITE_URL names no other."""
    owner, _, name = os.environ.get("GITHUB_REPOSITORY", "").partition("/")
    if name and not config.site_url:
        config.site_url = f"https://{owner.lower()}.github.io/{name}/"


def on_pre_build(config: MkDocsConfig) -> None:
    """Forget the pages of the build before."""
    _read.clear()


def on_page_content(text: str, page: Page, **_: Any) -> str:  # Any: what mkdocs passes beside it
    """Describe the page by its first paragraph, unless it describes itself."""
    _read[page.file.src_uri] = page
    if found := _PARAGRAPH.search(text):
        words = " ".join(html.unescape(_TAG.sub("", found[1])).split())
        page.meta.setdefault("description", shorten(words))
    return text


def on_post_build(config: MkDocsConfig) -> None:
    """Write what stands beside the pages."""
    folder = Path(config.site_dir)
    for name, page in _read.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(make_plain(page.markdown or ""), encoding="utf-8")
    described = {
        name: (str(page.title), str(page.meta.get("description", "")))
        for name, page in _read.items()
    }
    (folder / "llms.txt").write_text(make_llms(config, described), encoding="utf-8")
    write_scripts(folder / "assets" / "recordings")
    draw_card(folder / CARD, config.site_name, str(config.site_description))


def shorten(words: str) -> str:
    """Return the whole sentences that fit into a description; at least the first one."""
    sentences = re.split(r"(?<=[.!?]) ", words)
    kept = sentences[0]
    for sentence in sentences[1:]:
        if len(kept) + 1 + len(sentence) > LONGEST_DESCRIPTION:
            break
        kept += f" {sentence}"
    return kept
