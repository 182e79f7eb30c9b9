"""One approach as real processes: its API, its inbox, its files, and ways to disturb it."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import redis

from lab.approaches import Approach, load_approaches
from lab.processes.part import Part
from lab.processes.stack import Stack
from scenarios import ledger

from .client import Api, accepted_id, new_address
from .inbox import Inbox
from .receiver import Receiver
from .waiting import wait_until

APPROACHES = load_approaches()
IN_MEMORY = "04_custom_queue"  # 04_custom_queue+sqlite has all of it, and a file more
WEBHOOKS = "/webhooks"  # where the receiver gets them
FOLDERS = sorted({approach.folder for approach in APPROACHES.values()})
MAX_ATTEMPTS = 4
MAX_UPLOAD_BYTES = 2 * 1024**2
DRAIN_S = 2.0
WEBHOOK_SECRET = "not a secret"

# Waits are as short as a scenario allows; everything else is as in production.
ENV = {
    "MAX_ATTEMPTS": str(MAX_ATTEMPTS),
    "RETRY_BASE_S": "0.1",
    "MAX_UPLOAD_BYTES": str(MAX_UPLOAD_BYTES),
    "DRAIN_S": str(DRAIN_S),
    "QUEUE_LEASE_S": "2",
    "WEBHOOK_SECRET": WEBHOOK_SECRET,
    "MAIL_FROM": "Änne's Shop <shop@example.com>",
}


@dataclass
class Running:
    """An app that answers, with the services it needs."""

    approach: Approach
    stack: Stack
    part: Part
    api: Api
    inbox: Inbox
    webhooks: Receiver = field(repr=False)

    @classmethod
    @contextmanager
    def opened(
        cls,
        stack: Stack,
        name: str,
        webhooks: Receiver,
        *,
        env: Mapping[str, str] | None = None,
        without: Sequence[str] = (),
        uvicorn_args: Sequence[str] = (),
    ) -> Iterator[Self]:
        """Start one approach and all it needs in this stack."""
        part = stack.start(name, env=env, without=without, uvicorn_args=uvicorn_args)
        with closing(Api(part.url)) as api, Inbox(stack.parts["mailbox"].url) as inbox:
            yield cls(APPROACHES[name], stack, part, api, inbox, webhooks)

    @contextmanager
    def another(
        self, label: str, env: Mapping[str, str], uvicorn_args: Sequence[str] = ()
    ) -> Iterator[Self]:
        """Start one more API of the same approach, with these settings; kill it in the end."""
        name = self.approach.name
        label = f"{name}-{label}"
        part = self.stack.start(name, label=label, env=env, uvicorn_args=uvicorn_args)
        try:
            with closing(Api(part.url)) as api:
                yield replace(self, part=part, api=api)
        finally:
            part.kill9(group=True)
            del self.stack.parts[label]

    @property
    def promises(self) -> Mapping[str, bool | str]:
        return self.approach.promises

    @property
    def data_dir(self) -> Path:
        return Path(self.part.env["DATA_DIR"])

    def uploads(self) -> list[Path]:
        """Return the files that wait for their job."""
        return list((self.data_dir / "uploads").iterdir())

    def events(self, task_id: str) -> list[dict[str, Any]]:  # Any: events carry different facts
        """Return what the ledger tells about one task."""
        return [event for event in ledger.read(self.data_dir) if event["task_id"] == task_id]

    def count_accepted(self) -> int:
        """Count the jobs that were ever taken, by the ledger."""
        return sum(event["event"] == "accepted" for event in ledger.read(self.data_dir))

    def query(self, file: str, sql: str, *values: str) -> list[tuple[Any, ...]]:  # Any: SQL rows
        """Ask one of the SQLite files of the app."""
        with closing(sqlite3.connect(self.data_dir / file)) as database:
            return database.execute(sql, values).fetchall()

    def count_orders(self, task_id: str) -> int:
        """Count the orders that a report has left in the database."""
        sql = "SELECT COUNT(*) FROM orders WHERE task_id = ?"
        return int(self.query("orders.sqlite", sql, task_id)[0][0])

    def send_another_email(self) -> None:
        """Wait for one more e-mail; what left before it and is still not there never comes."""
        task = self.api.wait_until_final(accepted_id(self.api.post_email(new_address())))
        assert task.status == "succeeded", task.error

    def occupy_every_worker(self) -> list[str]:
        """Post as many e-mails as can run at once, or four; return their ids once they run.

        The mail server has to be `holding` them.
        """
        seen = wait_until("workers live", self.api.read_metrics, lambda seen: seen.workers != 0)
        count = min(seen.workers or 4, 4)
        task_ids = [accepted_id(self.api.post_email()) for _ in range(count)]
        self.wait_for_mail_clients(len(task_ids))
        return task_ids

    def wait_for_mail_clients(self, count: int) -> None:
        """Wait until so many mail clients are connected."""
        wait_until(
            f"{count} mail clients are connected",
            self.inbox.open_sessions,
            lambda seen: seen == count,
            timeout_s=8,  # a client that is only kept waiting gives up after 10 s
        )

    def wait_until_acknowledged(self) -> None:
        """Wait until the broker keeps no message for a job that runs or has just ended."""
        with redis.Redis.from_url(self.stack.redis_url) as broker:
            wait_until("every message is acknowledged", lambda: not broker.exists("unacked"))

    @contextmanager
    def broker_down(self) -> Iterator[None]:
        """Kill Valkey for a while; it comes back with its data."""
        valkey = self.stack.parts["valkey"]
        valkey.kill9()
        try:
            yield
        finally:
            valkey.restart()
