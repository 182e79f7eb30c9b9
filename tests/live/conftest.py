"""A live page that runs, and a browser that looks at it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from lab.live.recording import Event, Recording
from tests.site.conftest import browser, context
from tests.support.programs import Program
from tests.support.waiting import wait_until

__all__ = ["browser", "context"]  # fixtures of the site's room
LONGEST_S = 240


@dataclass
class LiveLab:
    """`lab live` in a process of its own."""

    process: Program
    url: str
    folder: Path


def open_client(url: str) -> httpx.Client:
    """Return a client of a live page that carries the token of the page."""
    page = httpx.get(url, trust_env=False).text
    token = page.partition('name="token" content="')[2].partition('"')[0]
    return httpx.Client(base_url=url, headers={"X-Token": token}, trust_env=False, timeout=60)


def play(client: httpx.Client, preset: str, **wishes: object) -> Recording:
    """Play a preset to its end and return its recording."""
    body = {"preset": preset, "ask": False, **wishes}
    number = client.post("/api/runs", json=body).raise_for_status().json()["number"]
    return wait_for_recording(client, number)


def wait_for_recording(client: httpx.Client, number: int) -> Recording:
    answer = wait_until(
        f"run {number} ends",
        lambda: client.get(f"/api/runs/{number}/recording"),
        lambda answer: answer.is_success,
        timeout_s=LONGEST_S,
    )
    return Recording.model_validate_json(answer.content)


def troubles(recording: Recording) -> list[Event]:
    return [event for event in recording.events if event.type == "trouble"]


@pytest.fixture(scope="module")
def start_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., LiveLab]]:
    with ExitStack() as opened:

        def start(*arguments: str) -> LiveLab:
            folder = tmp_path_factory.mktemp("live")
            words = ("lab", "live", "--data-dir", str(folder), *arguments)
            process = opened.enter_context(Program.start(*words))
            return LiveLab(process, process.read_until(r"The live page: .*?(\S+)$"), folder)

        yield start


@pytest.fixture(scope="module")
def lab(start_lab: Callable[..., LiveLab]) -> LiveLab:
    return start_lab()


@pytest.fixture
def page(context: BrowserContext, browser: Browser) -> Page:
    return context.new_page()
