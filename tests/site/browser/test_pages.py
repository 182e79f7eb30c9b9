"""Every page in a browser, light and dark, wide and narrow: no error, no overflow, no barrier."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page, ViewportSize

from .listening import listen

WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 900}
Scheme = Literal["light", "dark"]
PALETTES: dict[Scheme, str] = {"light": "default", "dark": "slate"}
# Colours take axe longest: they are looked at last, on a page that was thinned out.
CONTRAST = {"runOnly": ["color-contrast"]}
WIDE_RULES = {"runOnly": ["wcag2a", "wcag2aa"], "rules": {"color-contrast": {"enabled": False}}}
NARROW_RULES = {"runOnly": ["scrollable-region-focusable", "target-size", "link-name"]}
HERE = Path(__file__).parent
AXE = AXE_FILE_PATH.read_text(encoding="utf-8")
RUN_AXE = "options => axe.run(document, options)"
PALE_CODE = (HERE / "pale_code.js").read_text(encoding="utf-8")
THIN_OUT = (HERE / "thin_out.js").read_text(encoding="utf-8")
# Each word of code is an element, which is slow; its colours have a check of their own.
PLAIN_CODE = "for (const code of document.querySelectorAll('pre > code')) code.textContent += ''"
TOO_WIDE_PX = "document.documentElement.scrollWidth - innerWidth"


def list_pages(site: Path) -> list[str]:
    return sorted(str(path.parent.relative_to(site)) for path in site.rglob("index.html"))


@pytest.mark.timeout(300)  # a page takes a second, on a busy machine five
def test_every_page_is_sound(page: Page, site: Path, address: str) -> None:
    heard = listen(page)
    looks: list[str] = []
    faults = {
        name: found
        for name in list_pages(site)
        if (found := list(look_at(page, f"{address}{name}/", looks)))
    }

    assert not faults
    assert not heard


def look_at(page: Page, url: str, looks: list[str]) -> Iterator[object]:
    """Load the page once; yield what is wrong: too wide, hard to read, hard to use.

    To show the other palette takes longest, so it happens as seldom as can be. `looks` are those
    that earlier pages had: their colours are known, in both palettes.
    """
    page.set_viewport_size(WIDE)
    page.goto(url)
    for scheme in PALETTES:
        show(page, scheme)
        yield from ((scheme, color) for color in page.evaluate(PALE_CODE))
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        if (too_wide_px := page.evaluate(TOO_WIDE_PX)) > 0:
            yield f"{too_wide_px} px too wide at {size['width']}"
    page.evaluate(PLAIN_CODE)
    page.evaluate(AXE)
    yield from run_axe(page, NARROW_RULES)
    page.set_viewport_size(WIDE)
    yield from run_axe(page, WIDE_RULES)
    looks[:] = page.evaluate(THIN_OUT, looks)
    for scheme in reversed(PALETTES):
        show(page, scheme)
        yield from ((scheme, fault) for fault in run_axe(page, CONTRAST))


def show(page: Page, scheme: Scheme) -> None:
    page.emulate_media(color_scheme=scheme)
    page.locator(f"body[data-md-color-scheme={PALETTES[scheme]}]").wait_for(state="attached")


def run_axe(page: Page, options: dict[str, Any]) -> Iterator[object]:  # Any: options of axe.run
    """Yield the serious faults."""
    result = page.evaluate(RUN_AXE, {"resultTypes": ["violations"], "preload": False, **options})
    for fault in result["violations"]:
        if fault["impact"] in ("serious", "critical"):
            yield fault["id"], [node["html"][:120] for node in fault["nodes"][:2]]


def test_diagrams_are_drawn_and_told_in_words(page: Page, site: Path, address: str) -> None:
    for name in list_pages(site):
        if re.fullmatch(r"0\d_\w+|learn/how_it_works", name):
            page.goto(f"{address}{name}/")
            box = page.locator(".diagram svg").bounding_box()

            assert box, name
            assert box["height"] > 300, name
            assert page.locator(".diagram details li").count() > 5, name
