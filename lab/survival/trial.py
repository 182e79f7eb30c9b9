"""What a fault works with: the processes of one column, the jobs that it posts, the clock."""

import time
from collections import defaultdict
from collections.abc import Callable, Container
from contextlib import suppress
from functools import cached_property
from typing import Any

import httpx

from lab.errors import LabError
from lab.ledger import read_ledger
from lab.open_jobs import ENDS
from lab.plain_http import TRUSTS_NOBODY
from lab.processes.pauses import wait_for

from . import broker, posting
from .running_column import RunningColumn

JOBS = 8
WAIT_S = 30.0
POLL_S = 0.05
OVERLOAD_S = 20.0
OPEN = ("queued", "running")
Events = dict[str, list[dict[str, Any]]]  # by task; Any: events carry different facts


class Trial:
    """One fault on one column; `count.py` waits for its jobs and counts them."""

    def __init__(
        self, running: RunningColumn, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.running = running
        self.overload_s = OVERLOAD_S  # how long too much is posted
        self._transport = transport
        self.column = running.column
        self.mail, self.receiver = running.mail, running.receiver
        self.accepted: dict[str, str] = {}  # the kind, by task id
        self.fates: dict[str, str] = {}  # what became of each, once they are counted
        self.refused = self.refused_badly = self.unknown = self.ghosts = 0
        self.supervised = False  # what ends by itself is started again
        self.slowest_202_s = self.slowest_refusal_s = 0.0
        self.stop_s: float | None = None
        self.grew_mb: float | None = None
        self.broken_at = time.monotonic()
        self.delivered_before = len(self.mail.delivered())

    @property
    def url(self) -> str:
        return self.running.app.url

    def post_emails(self, count: int = JOBS) -> None:
        self.post(posting.emails(self.url, count))

    def post_pictures(self, count: int = JOBS) -> list[str]:
        return self.post(posting.pictures(self.url, count))

    def post_reports(self, count: int = JOBS, *, bad: bool = False) -> None:
        self.post(posting.reports(self.url, count, bad=bad))

    def post(self, requests: list[httpx.Request]) -> list[str]:
        """Send the requests at once; return the ids of the accepted ones."""
        return self.note(posting.post_all(requests))

    def note(self, answers: list[posting.Answer]) -> list[str]:
        """Count what was answered; return the ids of the accepted ones."""
        accepted = {answer.task_id: answer.kind for answer in answers if answer.task_id}
        self.accepted |= accepted
        self.refused += len(answers) - len(accepted)
        self.refused_badly += sum(not answer.refused_well for answer in answers)
        self.slowest_202_s = max(
            [self.slowest_202_s, *(answer.waited_s for answer in answers if answer.task_id)]
        )
        self.slowest_refusal_s = max(
            [self.slowest_refusal_s, *(answer.waited_s for answer in answers if not answer.task_id)]
        )
        return list(accepted)

    def hold_emails(self, count: int = JOBS) -> None:
        """Post e-mails that the mail server holds, and wait until as many as can are under way."""
        self.mail.hold()
        self.post_emails(count)
        running = self.column.at_once(len(self.accepted))
        self.wait_for("e-mails under way", lambda: self.mail.open_sessions() >= running)
        if self.column.has_worker:
            self._wait_until_the_worker_has_its_share()

    def begin(self) -> None:
        """Start the clock of the recovery: the fault happens now."""
        self.broken_at = time.monotonic()

    def seconds_since_begin(self) -> float:
        return time.monotonic() - self.broken_at

    def count_with(self, names: Container[str]) -> int:
        """Count the tasks of which the ledger tells one of these events."""
        return sum(
            any(event["event"] in names for event in told) for told in self.events().values()
        )

    def forget_mail(self) -> None:
        """Count from nothing: the mail server is restarted, and keeps its mail in memory only."""
        self.delivered_before = 0

    def wait_for(self, what: str, holds: Callable[[], object], timeout_s: float = WAIT_S) -> None:
        """Wait until it holds; raise LabError if it does not in time."""
        wait_for(what, holds, timeout_s)

    def read(self, task_id: str, url: str = "") -> dict[str, Any]:  # Any: what an API answers
        """Return the status of a task, {} if it is unknown; ask again while the API fails.

        Raises LabError if it still fails after WAIT_S.
        """
        told: dict[str, Any] | None = None

        def tells() -> bool:
            nonlocal told
            told = self._ask(f"{url or self.url}/tasks/{task_id}")
            return told is not None

        self.wait_for("an answer about a task", tells)
        return told or {}

    def count_open(self) -> int:
        """Count the jobs that the API takes for queued or running."""
        metrics = self._http.get(f"{self.url}/metrics/queue").raise_for_status().json()
        return int(metrics["queued"]) + int(metrics["running"])

    def look_for_ghosts(self, before: int) -> None:
        """Wait until every accepted job has ended, and count those that the API still calls open.

        `before` is what `count_open` told before the first job.
        """

        def all_have_ended() -> bool:
            if self.supervised:
                self.running.revive()
            return self.count_with(ENDS) == len(self.accepted)

        self.wait_for("an end of each job", all_have_ended)
        with suppress(LabError):
            self.wait_for("as few open jobs as before", lambda: self.count_open() <= before, 5)
        self.ghosts = max(0, self.count_open() - before)

    def download(self, task_id: str) -> bytes:
        """Return the file that a task has made."""
        return self._http.get(f"{self.url}/tasks/{task_id}/result").raise_for_status().content

    def read_broker(self) -> str:
        """Return every message that Redis holds as the broker; nothing where it is none."""
        if not self.column.has_worker or self.column.on_rabbitmq:
            return ""
        return broker.read_messages(self.running.broker.url)

    def events(self) -> Events:
        """Return what the ledger tells of each accepted task."""
        events: Events = defaultdict(list)
        for event in read_ledger(self.running.data_dir):
            if event["task_id"] in self.accepted:
                events[event["task_id"]].append(event)
        return events

    def close(self) -> None:
        """Close the connection to the API."""
        self._http.close()

    def _ask(self, url: str) -> dict[str, Any] | None:
        """Return the status, {} for a 404, None for anything else: that tells nothing of a task."""
        with suppress(httpx.TransportError):
            answer = self._http.get(url)
            if answer.status_code in (httpx.codes.OK, httpx.codes.NOT_FOUND):
                return dict(answer.json()) if answer.is_success else {}
        return None

    @cached_property
    def _http(self) -> httpx.Client:
        return httpx.Client(
            transport=self._transport, trust_env=False, verify=TRUSTS_NOBODY, timeout=20
        )

    def _wait_until_the_worker_has_its_share(self) -> None:
        """Wait until the worker takes no more messages: it has as many as it is allowed to."""
        url, seen, since = self.running.broker.url, -1, time.monotonic()
        while time.monotonic() - since < 0.3:
            if (count := broker.count_waiting(url)) != seen:
                seen, since = count, time.monotonic()
            time.sleep(POLL_S)
