"""The processes of one column: app, worker, mail server and receiver, put right between faults."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.mailbox.client import Mailbox
from lab.processes.part import Part
from lab.processes.stack import CELERY, Stack

from . import broker
from .columns import Column
from .receiver import Receiver

DRAIN_S = 2
VISIBILITY_S = 60  # longer than any pause before a retry, or a job would run twice at once
REDELIVERY_S = 5  # instead, where a killed worker's jobs have to come back
# Waits are as short as the faults allow; everything else is as in production.
ENV = {
    "DRAIN_S": str(DRAIN_S),
    "VISIBILITY_TIMEOUT_S": str(VISIBILITY_S),
    "QUEUE_LEASE_S": "2",
    "MAX_ATTEMPTS": "10",
    "RETRY_BASE_S": "0.2",
}
NOTHING: Mapping[str, str] = {}
AT_ONCE = "QUEUE_WORKERS"  # a setting of 04; here it is meant for the worker of 03 as well


class RunningColumn:
    """The processes that the faults of one column are tried on."""

    def __init__(self, stack: Stack, column: Column, receiver: Receiver) -> None:
        self.stack = stack
        self.column = column
        self.receiver = receiver
        self.mailbox = stack.start_mailbox()
        if column.on_rabbitmq:
            stack.start_rabbitmq()
        self.mail = Mailbox(self.mailbox.url)
        self._apps = self._workers = 0
        self._app: Part | None = None
        self._worker: Part | None = None
        self._app_env: tuple[Mapping[str, str], Sequence[str]] = (NOTHING, ())
        self._worker_env: Mapping[str, str] = NOTHING

    @property
    def app(self) -> Part:
        assert self._app, "no trial has begun"
        return self._app

    @property
    def worker(self) -> Part:
        assert self._worker, "no trial has begun, or this approach has no worker"
        return self._worker

    @property
    def processes(self) -> list[Part]:
        """What runs the API and its jobs."""
        return [self.app, self.worker] if self.column.has_worker else [self.app]

    @property
    def broker(self) -> Part:
        return self.stack.parts["valkey"]

    @property
    def brokers(self) -> list[Part]:
        """What keeps messages and records: two servers where the messages are on RabbitMQ."""
        parts = self.stack.parts
        return [parts[name] for name in ("valkey", "rabbitmq") if name in parts]

    @property
    def data_dir(self) -> Path:
        return Path(self.app.env["DATA_DIR"])

    def prepare(
        self,
        job_env: Mapping[str, str] = NOTHING,
        api_env: Mapping[str, str] = NOTHING,
        uvicorn_args: Sequence[str] = (),
    ) -> None:
        """Start an app and a worker with these settings, unless they run with them already.

        `{folder}` in a value is the folder that all processes of this column share.
        """
        self.mail.release()
        self.receiver.release()
        if not self.column.has_worker:
            api_env = {**job_env, **api_env}
        if self._app is None or self._app_env != (api_env, uvicorn_args):
            self._start_app(api_env, uvicorn_args)  # and with the first one the broker
        if self.column.has_worker and (self._worker is None or self._worker_env != job_env):
            self._start_worker(job_env)

    def clear(self, *, app: bool, worker: bool) -> None:
        """Kill the app or the worker, which a trial may have left in an odd state."""
        if app and self._app:
            self._app.kill9(group=True)
            self._app = None
        if worker and self._worker:
            self._worker.kill9(group=True)
            self._worker = None
            broker.forget_messages(self.broker.url)

    def revive(self) -> None:
        """Start again what has ended, as a supervisor does."""
        for part in self.processes:
            if not part.alive:
                part.restart()

    def revive_services(self) -> None:
        """Start again the mail server, or a broker, that has ended."""
        for part in [self.mailbox, *self.brokers]:
            if not part.alive:
                part.restart()

    def start_second_app(self) -> Part:
        """Start one more API on the same data, as `--workers 2` does."""
        return self._launch_app({"DATA_DIR": str(self.data_dir)}, ())

    def forget_append_only_file(self) -> None:
        """Remove what the broker has written so far."""
        shutil.rmtree(self.stack.data_dir / "valkey" / "appendonlydir")

    def _start_app(self, env: Mapping[str, str], uvicorn_args: Sequence[str]) -> None:
        self.clear(app=True, worker=False)
        # One worker serves all apps of 03, so they share its folder; other apps get a new one.
        shared = {"DATA_DIR": str(self.stack.data_dir / self.column.approach.name)}
        data = shared if self.column.has_worker else {}
        self._app = self._launch_app({**env, **data}, uvicorn_args)
        self._app_env = env, uvicorn_args

    def _launch_app(self, env: Mapping[str, str], uvicorn_args: Sequence[str]) -> Part:
        self._apps += 1
        name = self.column.approach.name
        return self.stack.start(
            name,
            label=f"{name}-{self._apps}",
            env={**self._fill_in(env), "WEBHOOK_URL": self.receiver.url},
            uvicorn_args=uvicorn_args,
            without=("worker",),
            folder=self.column.folder,
        )

    def _start_worker(self, env: Mapping[str, str]) -> None:
        self.clear(app=False, worker=True)
        self._workers += 1
        args = self.column.worker_args
        if at_once := env.get(AT_ONCE):
            args = (*args, "--concurrency", at_once)
        own = {**self._fill_in(env), "WEBHOOK_URL": self.receiver.url}
        folder = self.column.folder or CELERY
        name = f"jobs{self._workers}"
        self._worker = self.stack.start_worker(name, args=args, env=own, folder=folder)
        self._worker_env = env

    def _fill_in(self, env: Mapping[str, str]) -> dict[str, str]:
        return {name: value.format(folder=self.stack.data_dir) for name, value in env.items()}
