"""One fault on one column: post jobs, break something, wait until all has settled, count."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable
from functools import cached_property
from typing import Any

import httpx

from lab.errors import LabError
from scenarios import ledger

from . import broker, posting
from .cell import Cell
from .ground import VISIBILITY_S, Ground

JOBS = 8
WAIT_S = 30.0
# After so long without an event nothing more will come.
QUIET_S = VISIBILITY_S + 2.0
EMPTY_S = 2.0  # where there is a broker, and it holds none of the tasks
POLL_S = 0.05
OPEN = ("queued", "running")
ENDS = {"finished", "failed", "cancelled", "interrupted"}
Events = dict[str, list[dict[str, Any]]]  # by task; Any: events carry different facts


class Trial:
    """What a fault works with: the parts of the column, the jobs, and the clock."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.column = ground.column
        self.mail, self.receiver = ground.mail, ground.receiver
        self.accepted: dict[str, str] = {}  # the kind, by task id
        self.refused = self.refused_badly = self.unknown = 0
        self.slowest_202_s = self.slowest_refusal_s = 0.0
        self.stop_s: float | None = None
        self.broken_at = time.monotonic()
        self._delivered_before = len(self.mail.delivered())

    @property
    def url(self) -> str:
        return self.ground.app.url

    def post_emails(self, count: int = JOBS) -> None:
        self.post(posting.emails(self.url, count))

    def post_pictures(self, count: int = JOBS) -> list[str]:
        return self.post(posting.pictures(self.url, count))

    def post_reports(self, count: int = JOBS, *, bad: bool = False) -> None:
        self.post(posting.reports(self.url, count, bad=bad))

    def post(self, requests: list[httpx.Request]) -> list[str]:
        """Send the requests at once; return the ids of the accepted ones."""
        answers = posting.post_all(requests)
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
        """Post e-mails that nobody takes, and wait until as many as can are under way."""
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
        """Expect a mail server that remembers nothing, as after its restart."""
        self._delivered_before = 0

    def wait_for(self, what: str, holds: Callable[[], object], timeout_s: float = WAIT_S) -> None:
        """Wait until it holds; raise LabError if it does not in time."""
        deadline = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > deadline:
                raise LabError(f"waited for {what} for {timeout_s:g} s, and it did not come")
            time.sleep(POLL_S)

    def read(self, task_id: str, url: str = "") -> dict[str, Any]:  # Any: what an API answers
        """Return the status of a task, {} if it is unknown or the API is not there."""
        try:
            answer = self._http.get(f"{url or self.url}/tasks/{task_id}")
        except httpx.TransportError:
            return {}
        return dict(answer.json()) if answer.is_success else {}

    def events(self) -> Events:
        """Return what the ledger tells of each accepted task."""
        events: Events = defaultdict(list)
        for event in ledger.read(self.ground.data_dir):
            if event["task_id"] in self.accepted:
                events[event["task_id"]].append(event)
        return events

    def settle(self) -> None:
        """Wait until each task has ended or is unknown, or nothing happens any more."""
        open_ids, seen, quiet_since = set(self.accepted), -1, time.monotonic()
        patience_s = QUIET_S
        while open_ids and time.monotonic() - quiet_since < patience_s:
            time.sleep(POLL_S)
            events, held = self.events(), self._read_broker()
            is_empty = self.column.has_worker and not any(map(held.__contains__, open_ids))
            patience_s = EMPTY_S if is_empty and not self.mail.open_sessions() else QUIET_S
            if (count := sum(map(len, events.values()))) != seen:
                seen, quiet_since = count, time.monotonic()
            open_ids = {
                task_id for task_id in open_ids if task_id in held or self._is_open(task_id, events)
            }
        self.wait_for("a quiet mail server", lambda: self.mail.open_sessions() == 0)

    def count(self, fault: str) -> Cell:
        """Count what the ledger and the sinks tell."""
        events = self.events()
        copies = self._copies(events)
        fates = Counter(self._fate(task_id, copies, events) for task_id in self.accepted)
        starts = [_count(events[task_id], "started") for task_id in self.accepted]
        effects = [
            event["t"] for told in events.values() for event in told if event["event"] == "effect"
        ]
        return Cell(
            fault=fault,
            column=self.column.name,
            accepted=len(self.accepted),
            refused=self.refused,
            started=sum(number > 0 for number in starts),
            run_twice=sum(number > 1 for number in starts),
            effects_twice=sum(copies[task_id] > 1 for task_id in self.accepted),
            unknown=self.unknown,
            done_though_refused=len(copies.keys() - self.accepted.keys()),
            refused_badly=self.refused_badly,
            slowest_202_s=self.slowest_202_s,
            slowest_refusal_s=self.slowest_refusal_s,
            stop_s=self.stop_s,
            recovered_s=max(0.0, max(effects) - self.broken_at) if effects else None,
            finished=fates["finished"],
            failed=fates["failed"],
            interrupted=fates["interrupted"],
            late=fates["late"],
            lost=fates["lost"],
        )

    def count_copies_of_whole_runs(self) -> int:
        """Count the e-mails that arrived twice though no run of them was cut off."""
        events = self.events()
        twice = [task_id for task_id, number in self._copies(events).items() if number > 1]
        return sum(_count(events[task_id], "started") < 2 for task_id in twice)

    def close(self) -> None:
        """Close the connection to the API."""
        self._http.close()

    @cached_property
    def _http(self) -> httpx.Client:
        return httpx.Client(trust_env=False, timeout=20)

    def _is_open(self, task_id: str, events: Events) -> bool:
        return not self._told_end(task_id, events) and self._status(task_id) in OPEN

    def _fate(self, task_id: str, copies: Counter[str], events: Events) -> str:
        if copies[task_id]:
            return "finished"
        # Where the process of the job was killed, nobody wrote its end; the API may know it.
        end = self._told_end(task_id, events) or self._status(task_id)
        if end in ("failed", "interrupted"):
            return end
        return "late" if task_id in self._read_broker() else "lost"

    def _told_end(self, task_id: str, events: Events) -> str:
        """Return the last end that the ledger tells of, or nothing."""
        ends = [str(event["event"]) for event in events[task_id] if event["event"] in ENDS]
        return ends[-1] if ends else ""

    def _status(self, task_id: str) -> str:
        return str(self.read(task_id).get("status", ""))

    def _read_broker(self) -> str:
        return broker.read_messages(self.ground.broker.url) if self.column.has_worker else ""

    def _copies(self, events: Events) -> Counter[str]:
        """Count e-mails where they arrive, and other effects by the ledger."""
        copies = Counter(self.mail.delivered()[self._delivered_before :])
        for task_id, kind in self.accepted.items():
            if kind != "email":
                copies[task_id] += _count(events[task_id], "effect")
        return +copies

    def _wait_until_the_worker_has_its_share(self) -> None:
        """Wait until the worker takes no more messages: it has as many as it is allowed to."""
        url, seen, since = self.ground.broker.url, -1, time.monotonic()
        while time.monotonic() - since < 0.3:
            if (count := broker.count_waiting(url)) != seen:
                seen, since = count, time.monotonic()
            time.sleep(POLL_S)


def _count(events: Iterable[dict[str, Any]], name: str) -> int:
    return sum(event["event"] == name for event in events)
