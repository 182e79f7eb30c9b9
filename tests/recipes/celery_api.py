"""The Celery app with its recipes, and workers that a test starts, signals and kills."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from lab.errors import LabError
from lab.processes.part import Part
from lab.processes.rabbitmq import find_rabbitmq
from lab.processes.stack import Stack
from scenarios import ledger
from scenarios.status import TaskStatus
from tests.support.client import accepted_id
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until

from .recipe_app import RecipeApp

CELERY = "03_celery"


@dataclass
class CeleryApi(RecipeApp):
    """Its API runs all the time, its workers only as a test wants it."""

    @contextmanager
    def worker(
        self,
        name: str,
        *,
        args: Sequence[str] = (),
        concurrency: int = 1,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Iterator[Part]:
        """Run a worker; at the end of the block it is killed."""
        # Without the second that a worker listens for its neighbours.
        args = ["--without-mingle", *args]
        self.stack.parts.pop(name, None)  # a test that failed may have left it
        part = self.stack.start_worker(name, concurrency=concurrency, args=args, env=env, cwd=cwd)
        try:
            yield part
        finally:
            part.kill9(group=True)
            del self.stack.parts[name]

    @contextmanager
    def beat(self, env: Mapping[str, str] | None = None) -> Iterator[Part]:
        """Run the scheduler; at the end of the block it is asked to end."""
        part = self.stack.start_beat(env=env)
        try:
            yield part
        finally:
            part.term()
            part.wait_exit()
            del self.stack.parts["beat"]

    def post_email(self, to: str = "reader@example.com") -> str:
        """Post an e-mail of the shared contract and return its task id."""
        return accepted_id(self.api.post_email(to))

    def notify(self, user_id: str, path: str = "/notifications") -> httpx.Response:
        fields = {"user_id": user_id, "message": "Hello", "channels": ["push"]}
        return self.http.post(path, json=fields)

    def wait_for(self, task_id: str, *statuses: str) -> TaskStatus:
        """Wait until a job of the shared contract has one of these states."""
        return wait_until(
            f"task {task_id} is {' or '.join(statuses)}",
            lambda: self.api.read_task(task_id),
            lambda task: task.status in statuses,
        )

    def wait_until_done(self, *ids: str, times: int = 1) -> None:
        """Wait until jobs have ended, of whatever kind, each for the n-th time."""
        wait_until(
            f"{len(ids)} jobs have ended",
            lambda: [len(self.log_of(each, "finished", "failed")) for each in ids],
            lambda ends: all(count >= times for count in ends),
        )

    def depth(self, queue: str) -> int:
        """Return how many messages wait in a queue of the broker."""
        text = self.http.get("/metrics").raise_for_status().text
        found = re.search(rf'^queue_messages{{queue="{queue}"}} (\d+)', text, re.MULTILINE)
        assert found, text
        return int(found.group(1))

    def take_from(self, queue: str) -> list[str]:
        """Empty a queue of Redis and cancel what waited there; return the ids of these jobs."""
        with redis.Redis.from_url(self.stack.redis_url) as client:
            messages = [json.loads(each) for each in client.lrange(queue, 0, -1)]
            client.delete(queue)
        task_ids = [str(each["headers"]["id"]) for each in messages]
        for task_id in task_ids:
            self.http.delete(f"/tasks/{task_id}")  # else a worker sends them again
        return task_ids

    def let_expire(self, name: str) -> None:
        """End the time of a key in Redis that has a limit."""
        with redis.Redis.from_url(self.stack.redis_url) as client:
            assert client.ttl(name) > 0
            client.delete(name)

    def log_of(self, task_id: str, *events: str) -> list[dict[str, Any]]:
        """Return the events of these kinds that the ledger has of one job."""
        return [each for each in self.events(task_id) if each["event"] in events]

    def order_of_starts(self) -> list[str]:
        """Return the task ids in the order in which workers began with them."""
        events = ledger.read(self.data_dir)
        return [each["task_id"] for each in events if each["event"] == "started"]


def count_lines(part: Part, pattern: str) -> int:
    """Count the lines that a part has logged and that match."""
    return len(re.findall(pattern, part.log_text()))


def need_rabbitmq() -> None:
    """Skip the test where RabbitMQ is not installed."""
    try:
        find_rabbitmq()
    except LabError as missing:
        pytest.skip(str(missing))


@contextmanager
def open_celery_api(
    folder: Path,
    services: Receiver,
    *,
    worker: bool,
    rabbitmq: bool = False,
    env: Mapping[str, str] | None = None,
) -> Iterator[CeleryApi]:
    """Start the API and its services; a worker of two processes too, if asked for."""
    url = services.url
    settings = {
        "WEBHOOK_URL": f"{url}/03/webhooks",
        "PUSH_URL": f"{url}/03/push",
        "PUSH_KEY": "the-push-key",
        "PAYMENT_URL": f"{url}/03/payments",
        "RETRY_BASE_S": "0.2",
        "CALL_TIMEOUT_S": "10",
        "MAX_ATTEMPTS": "4",
        "DRAIN_S": "0",
        **(env or {}),
    }
    with Stack(folder, env=settings) as stack:
        if rabbitmq:
            stack.start_rabbitmq()
        without = () if worker else ("worker",)
        with CeleryApi.opened(stack, CELERY, services, without=without) as celery_api:
            yield celery_api
