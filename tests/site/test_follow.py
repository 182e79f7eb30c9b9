"""The lines of JavaScript on the page about live progress follow a job to its end."""

from pathlib import Path

import httpx
from playwright.sync_api import Page

from lab.approaches import ROOT
from lab.processes.stack import Stack

FOLLOW = (ROOT / "docs" / "recipes" / "printed" / "follow.js").read_text(encoding="utf-8")
EMAIL = {"to": "ann@example.com", "subject": "Your order", "body": "On its way."}
# A page of ours, with a bar; `closed` is asked for when the browser has had time to come back.
RUN = (
    "taskId => { const bar = {}; "
    + FOLLOW
    + """
  return new Promise(done => setInterval(() => {
    if (source.readyState === EventSource.CLOSED) done([bar.value, performance
      .getEntriesByType("resource").filter(each => each.name.endsWith("/events")).length]);
  }, 100));
}"""
)


def test_browser_shows_the_end_of_a_job_and_does_not_come_back(page: Page, tmp_path: Path) -> None:
    with Stack(tmp_path) as stack:
        url = stack.start("01_background_tasks").url
        page.goto(f"{url}/healthz")
        task_id = httpx.post(f"{url}/emails", json=EMAIL).raise_for_status().json()["task_id"]

        value, streams = page.evaluate(RUN, task_id)

    assert value == 100
    assert streams <= 1  # the stream that was closed by the page
