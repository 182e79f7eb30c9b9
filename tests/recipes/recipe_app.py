"""One app with its recipes: real processes, and a receiver in place of every other service."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from lab.processes.part import Part
from lab.processes.stack import Stack
from scenarios import ledger
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until

FINAL = {"succeeded", "failed", "cancelled", "interrupted"}


@dataclass
class RecipeApp:
    """An app that answers, and what is around it."""

    stack: Stack
    part: Part
    http: httpx.Client
    services: Receiver

    @property
    def data_dir(self) -> Path:
        return Path(self.part.env["DATA_DIR"])

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

    def events(self, job: str, event: str) -> int:
        """Count the events of the jobs of this name in the ledger."""
        events = ledger.read(self.data_dir)
        return sum(each["event"] == event and each.get("job") == job for each in events)

    def audit_lines(self, about: str) -> list[str]:
        """Return the audit lines with these words, without their times."""
        path = self.data_dir / "audit.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.partition(" ")[2] for line in lines if about in line]

    def query(self, sql: str, *values: str) -> list[tuple[Any, ...]]:  # Any: SQL rows
        """Ask the SQLite file of the recipes."""
        with closing(sqlite3.connect(self.data_dir / "recipes.sqlite")) as database:
            return database.execute(sql, values).fetchall()

    def mail(self, to: str) -> list[dict[str, str]]:
        """Return what has arrived for one address."""
        url = self.stack.parts["mailbox"].url
        messages: list[dict[str, str]] = httpx.get(
            f"{url}/messages", params={"to": to, "body": True}
        ).json()
        return messages

    def refuse_mail(self, only: str, code: int) -> None:
        """Let the mail server refuse the next message to this address."""
        self._put_behaviour({"fail_only": only, "fail_code": code, "fail_next": 1})

    def hold_mail(self) -> None:
        """Let the mail server answer nobody from now on."""
        self._put_behaviour({"delay_s": 300})

    def _put_behaviour(self, rule: Mapping[str, float | str]) -> None:
        url = self.stack.parts["mailbox"].url
        httpx.put(f"{url}/behaviour", json=rule).raise_for_status()


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
    with Stack(folder, env=targets) as stack:
        part = stack.start(name, env=env, uvicorn_args=uvicorn_args)
        with httpx.Client(base_url=part.url, timeout=20) as http:
            yield RecipeApp(stack, part, http, services)
