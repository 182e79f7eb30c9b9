"""One app with its recipes: real processes, and a receiver in place of every other service."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from lab.processes.stack import Stack
from scenarios import ledger
from tests.support.client import accepted_id
from tests.support.receiver import Receiver
from tests.support.running import Running
from tests.support.waiting import wait_until

FINAL = {"succeeded", "failed", "cancelled", "interrupted"}


@dataclass
class RecipeApp(Running):
    """One app that answers, and what its recipes leave behind."""

    @property
    def http(self) -> httpx.Client:
        return self.api.http

    @property
    def services(self) -> Receiver:
        return self.webhooks

    def jobs(self, answer: httpx.Response) -> list[dict[str, Any]]:  # Any: JSON
        """Wait until every job of `answer` has ended, and return them in order."""
        assert answer.is_success, f"{answer.status_code}: {answer.text}"
        facts = answer.json()
        url = facts.get("jobs_url") or facts["status_url"]
        return wait_until(
            f"the jobs of {url} have ended",
            lambda: self.read(url),
            lambda jobs: all(job["status"] in FINAL for job in jobs),
        )

    def read(self, url: str) -> list[dict[str, Any]]:  # Any: JSON
        """Return the jobs as they are; one alone as a list of one."""
        jobs = self.http.get(url).raise_for_status().json()
        return jobs if isinstance(jobs, list) else [jobs]

    def job(self, answer: httpx.Response) -> dict[str, Any]:  # Any: JSON
        """Wait for the only job of `answer`."""
        [job] = self.jobs(answer)
        return job

    def count_events(self, job: str, event: str) -> int:
        """Count the events of the jobs of this name in the ledger."""
        events = ledger.read(self.data_dir)
        return sum(each["event"] == event and each.get("job") == job for each in events)

    def audit_lines(self, about: str) -> list[str]:
        """Return the audit lines with these words, without their times."""
        path = self.data_dir / "audit.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.partition(" ")[2] for line in lines if about in line]

    def refuse_mail(self, only: str, code: int) -> None:
        """Let the mail server refuse the next message to this address."""
        self.inbox.switch(fail_only=only, fail_code=code, fail_next=1)

    def fail_an_email(self, to: str) -> str:
        """Have an e-mail refused for good; return the id of its task."""
        self.refuse_mail(to, 550)
        task_id = accepted_id(self.api.post_email(to))
        assert self.api.wait_until_final(task_id).status == "failed"
        wait_until("the dead letter is kept", lambda: task_id in self.dead_letters())
        return task_id

    def dead_letters(self, **limit: int) -> dict[str, dict[str, Any]]:  # Any: JSON
        """Return the dead letters by the ids of their tasks, in the order of the list."""
        letters = self.http.get("/dead-letters", params=limit).raise_for_status().json()
        return {letter["task_id"]: letter for letter in letters}


@contextmanager
def run_recipe_app(
    folder: Path,
    name: str,
    services: Receiver,
    env: Mapping[str, str] | None = None,
    uvicorn_args: Sequence[str] = (),
) -> Iterator[RecipeApp]:
    """Start one approach and all it needs."""
    url = services.url
    sources = {each: f"{url}/sources/{each}" for each in ("rates", "stock", "weather")}
    targets = {
        "WEBHOOK_URL": f"{url}/webhooks",
        "PUSH_URL": f"{url}/push",
        "PUSH_KEY": "the-push-key",
        "BACKUP_URL": f"{url}/backup",
        "SYNC_URL": f"{url}/users",
        "SOURCES": json.dumps(sources),
        "RETRY_BASE_S": "0.05",
        "CALL_TIMEOUT_S": "3",
        "MAX_ATTEMPTS": "3",
    }
    with (
        Stack(folder, env=targets) as stack,
        RecipeApp.opened(stack, name, services, env=env, uvicorn_args=uvicorn_args) as app,
    ):
        yield app


def register(app: RecipeApp, username: str) -> httpx.Response:
    user = {"username": username, "email": f"{username}@example.com"}
    return app.http.post("/users/register", json=user)
