"""The lines of JavaScript on the page about live progress follow a job to its end."""

from pathlib import Path

import httpx
from playwright.sync_api import Page

from lab.approaches import ROOT
from lab.processes.stack import Stack

FOLLOW = (ROOT / "docs" / "recipes" / "printed" / "follow.js").read_text(encoding="utf-8")
EMAIL = {"to": "ann@example.com", "subject": "Your order", "body": "On its way."}
# A page of ours, with a bar. A browser that came back would do so after the stream's `retry`, 1 s.
RUN = (
    "taskId => { const bar = {}; "
    + FOLLOW
    + """
  return new Promise(done => setInterval(() => {
    if (source.readyState === EventSource.CLOSED) setTimeout(done, 1500, bar.value);
  }, 100));
}"""
)


def test_browser_shows_the_end_of_a_job_and_does_not_come_back(page: Page, tmp_path: Path) -> None:
    with Stack(tmp_path) as stack:
        part = stack.start("01_background_tasks")
        url = part.url
        page.goto(f"{url}/healthz")
        task_id = httpx.post(f"{url}/emails", json=EMAIL).raise_for_status().json()["task_id"]

        value = page.evaluate(RUN, task_id)

    assert value == 100
    assert part.log_text().count(f"GET /tasks/{task_id}/events") == 1
