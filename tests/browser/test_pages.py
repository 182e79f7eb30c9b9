"""Every page in a browser, light and dark, wide and narrow: no error, no overflow, no barrier."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from .listening import listen

PARTS = 4  # so that several workers share the pages
ALL = {"type": "tag", "values": ["wcag2a", "wcag2aa"]}
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
OF_A_WIDTH = {"type": "rule", "values": ["scrollable-region-focusable", "target-size", "link-name"]}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
CHECKS: dict[tuple[int, str], dict[str, Any]] = {
    (1440, "light"): ALL,
    (1440, "dark"): CONTRAST,
    (390, "light"): OF_A_WIDTH,
}
# Code has a faster check of its own, and the rows of a table look alike.
ENOUGH = {"exclude": [["pre"], ["tr:nth-child(n+4)"]]}
STILL = "*, *::before, *::after { transition: none !important; animation: none !important }"
TOO_WIDE_PX = "document.documentElement.scrollWidth - innerWidth"
PALE_CODE = (Path(__file__).parent / "pale_code.js").read_text(encoding="utf-8")


def list_pages(site: Path) -> list[str]:
    return sorted(str(path.parent.relative_to(site)) for path in site.rglob("index.html"))


@pytest.mark.timeout(300)  # a page takes a second, on a busy machine five
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_sound(page: Page, site: Path, address: str, part: int) -> None:
    heard = listen(page)
    faults = {
        name: found
        for name in list_pages(site)[part::PARTS]
        if (found := list(look_at(page, f"{address}{name}/")))
    }

    assert not faults
    assert not heard


def look_at(page: Page, url: str) -> Iterator[object]:
    """Yield what is wrong with the page: too wide, hard to read, hard to use."""
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(url)
        page.add_style_tag(content=STILL)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            if (too_wide_px := page.evaluate(TOO_WIDE_PX)) > 0:
                yield f"{too_wide_px} px too wide at {width}"
            if rules := CHECKS.get((width, scheme)):
                yield from ((scheme, color) for color in page.evaluate(PALE_CODE))
                yield from run_axe(page, rules)


def run_axe(page: Page, rules: dict[str, Any]) -> Iterator[object]:
    """Yield the serious faults."""
    options = {"resultTypes": ["violations"], "runOnly": rules}
    result = Axe().run(page, context=ENOUGH, options=options)
    for fault in result.response["violations"]:
        if fault["impact"] in ("serious", "critical"):
            yield fault["id"], [node["html"][:120] for node in fault["nodes"][:2]]


def test_diagrams_are_drawn_and_told_in_words(page: Page, site: Path, address: str) -> None:
    for name in list_pages(site):
        if name[:1] == "0":
            page.goto(f"{address}{name}/")
            box = page.locator(".diagram svg").bounding_box()

            assert box, name
            assert box["height"] > 300, name
            assert page.locator(".diagram details li").count() > 5, name
