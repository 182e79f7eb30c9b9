"""The built site behind a server, and a browser with one page."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.site import serve

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ON_MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
NO_SEARCH = "window.Worker = class extends EventTarget { postMessage() {} }"


@pytest.fixture(scope="module")  # no longer: Playwright's event loop runs in this thread until then
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None) or shutil.which(ON_MACOS)
    if not path:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    with serve(site) as url:
        yield url


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
    ) as opened:
        yield opened


@pytest.fixture
def searching_page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Open a page that builds no search index: that takes longer than all the rest of a page."""
    context.add_init_script(NO_SEARCH)
    return context.new_page()
