"""The decision guide reaches every outcome by keyboard, and is whole without JavaScript."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from site_making.guide import load_guide
from tests.support.site import ROOT

GUIDE = load_guide(ROOT)


def find_ways() -> dict[str, list[str]]:
    """Return for each step the answers that lead to it."""
    ways: dict[str, list[str]] = {"first": []}
    waiting = ["first"]
    while waiting:
        name = waiting.pop(0)
        for goal in GUIDE["questions"].get(name, {}).get("answers", {}).values():
            if goal not in ways:
                ways[goal] = [*ways[name], goal]
                waiting.append(goal)
    return ways


def tab_through(page: Page) -> Iterator[str]:
    """Press Tab; yield the address of each link that has the focus."""
    for _ in range(20):
        page.keyboard.press("Tab")
        yield str(page.evaluate("document.activeElement.getAttribute('href')"))


def test_guide_leads_to_every_step_and_nowhere_else() -> None:
    assert find_ways().keys() == (GUIDE["questions"] | GUIDE["outcomes"]).keys()


@pytest.mark.parametrize("outcome", GUIDE["outcomes"])
def test_outcome_is_reached_by_keyboard(page: Page, address: str, outcome: str) -> None:
    page.goto(f"{address}choose/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to content"
    page.keyboard.press("Enter")
    page.wait_for_url("**/choose/#*")  # it moves the focus, and may do so late

    for goal in find_ways()[outcome]:
        assert f"#{goal}" in tab_through(page), f"20 times Tab do not reach #{goal}"
        page.keyboard.press("Enter")
        page.wait_for_function("id => document.activeElement.id === id", arg=goal)

    shown = page.locator(".guide .step:visible h3")
    assert shown.evaluate_all("headings => headings.map(heading => heading.id)") == [outcome]
    assert any(link.startswith("../") for link in tab_through(page))


def test_guide_is_whole_without_javascript(browser: Browser, address: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{address}choose/")
        shown = page.locator(".guide .step:visible").count()

        assert shown == len(GUIDE["questions"]) + len(GUIDE["outcomes"])
