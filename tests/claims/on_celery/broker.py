"""An embedded Valkey, and Celery workers of tests/claims/apps/ on it."""

import itertools
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from celery import Celery
from celery.result import AsyncResult

from lab.approaches import ROOT
from lab.processes import commands
from lab.processes.commands import Command
from lab.processes.group import Processes
from lab.processes.part import Part
from lab.processes.ready import logs
from tests.claims.serving import Watched
from tests.support.waiting import wait_until

CONF = {"worker_redirect_stdouts": False, "broker_connection_retry_on_startup": True}
QUIET = ("--without-mingle", "--without-gossip", "--without-heartbeat")
Conf = Mapping[str, Any]  # Any: Celery's settings


@dataclass
class Broker:
    """A Valkey of its own, with what Celery keeps there."""

    processes: Processes
    valkey: Part
    redis: redis.Redis
    celery: Celery
    gates: Path
    _names: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def url(self) -> str:
        return self.valkey.url

    def send(self, task: str, *args: object, **options: Any) -> AsyncResult[Any]:  # Any: Celery's
        """Queue a task by its name."""
        return self.celery.send_task(task, args, **options)

    def count_queued(self, queue: str = "celery") -> int:
        return int(self.redis.llen(queue))

    def count_unacked(self) -> int:
        """Count the messages that a worker has taken and not acknowledged."""
        return int(self.redis.hlen("unacked"))

    def wait_until_known(self) -> None:
        """Wait until the parent of a worker knows which child runs its job.

        It hears of that a little later than we do, and a stop in between may find it without end.
        """

        def knows() -> bool:
            answer = self.celery.control.inspect(timeout=2, limit=1).active() or {}
            return any(job["worker_pid"] for jobs in answer.values() for job in jobs)

        wait_until("the parent knows of the job", knows)

    def env(self, conf: Conf | None = None) -> dict[str, str]:
        """Return the environment of a process that works with this broker."""
        settings = json.dumps({**CONF, **(conf or {})})
        return {**os.environ, "REDIS_URL": self.url, "GATES": str(self.gates), "CONF": settings}

    @contextmanager
    def worker(
        self,
        conf: Conf | None = None,
        *args: str,
        concurrency: int = 1,
        module: str = "jobs",
    ) -> Iterator[Watched]:
        """Run a worker with these settings; at the end of the block it is killed."""
        name = f"w{next(self._names)}"
        words = [sys.executable, "-m", "celery", "-A", f"tests.claims.apps.{module}", "worker"]
        words += ["--hostname", f"{name}@%h", "--concurrency", str(concurrency)]
        command = Command(
            [*words, "--loglevel", "INFO", *QUIET, *args], "", logs(rf"\b{name}@\S+ ready")
        )
        with self._running(name, command, conf) as part:
            yield Watched(part, self.gates)

    @contextmanager
    def beat(self) -> Iterator[Watched]:
        """Run the scheduler with a schedule file of its own; it is killed at the end."""
        name = f"beat{next(self._names)}"
        words = [sys.executable, "-m", "celery", "-A", "tests.claims.apps.jobs", "beat"]
        words += ["--loglevel", "INFO", "--pidfile=", "--schedule"]
        words += [str(self.gates / name)]
        with self._running(name, Command(words, "", logs("beat: Starting")), None) as part:
            yield Watched(part, self.gates)

    @contextmanager
    def _running(self, name: str, command: Command, conf: Conf | None) -> Iterator[Part]:
        part = self.processes.launch(name, command, env=self.env(conf), cwd=ROOT)
        try:
            part.wait_ready()
            yield part
        finally:
            part.kill9(group=True)
            del self.processes.parts[name]
            self._wait_until_nobody_takes()

    def _wait_until_nobody_takes(self) -> None:
        """Wait until the children of a killed worker are gone: they would lose a task."""
        wait_until(
            "Valkey has no client that waits for tasks",
            lambda: self.redis.info("clients")["blocked_clients"],
            lambda count: count == 0,
        )


@contextmanager
def open_broker(folder: Path, persistence: Sequence[str] = ()) -> Iterator[Broker]:
    """Run a Valkey that keeps what it has in memory only, or as `persistence` says."""
    with Processes(folder, say=lambda text: None, grace_s=0) as processes:
        port = processes.claim("valkey", 16400)
        usual = commands.valkey(port, processes.data_dir)
        words = list(usual.words)[: list(usual.words).index("--appendonly")]
        command = Command([*words, *(persistence or ("--save", ""))], usual.url, usual.ready)
        valkey = processes.launch("valkey", command, env=os.environ, cwd=processes.data_dir)
        valkey.wait_ready()
        celery = Celery(broker=valkey.url, backend=valkey.url, set_as_current=False)
        with redis.Redis.from_url(valkey.url) as client, celery:
            yield Broker(processes, valkey, client, celery, processes.data_dir)
