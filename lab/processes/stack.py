"""Starts and stops any subset of the apps and of the services that they need.

Example: `with Stack("var/example") as stack: app = stack.start("04_custom_queue")` starts the app
and the services that `approaches.toml` names for it; then `app.kill9()`, `app.restart()`.
"""

import os
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lab.approaches import ROOT, Approach, find_approach
from lab.errors import LabError

from . import commands
from .folder import make_private_folder
from .group import Meanwhile, Processes, wait_ready
from .part import Part
from .ports import HOST
from .rabbitmq import rabbitmq

Env = Mapping[str, str]
SMTP, INBOX, VALKEY, FLOWER, RABBITMQ = 1025, 8025, 16379, 5555, 15672
AFTER_THE_APPS = 8005  # the first port to try for an app whose own port is taken
SERVICES = {"mailbox", "valkey", "rabbitmq"}
CELERY = "03_celery"


class Stack(Processes):
    """The processes of one lab; leaving the `with` block ends all of them.

    `env` overrides the environment of every process; `say` is told of a taken port; `root` holds
    `approaches.toml` and the numbered folders. With SMTP_URL or REDIS_URL in the environment or
    in `env`, no embedded service is started for it.
    """

    def __init__(
        self,
        data_dir: Path | str,
        *,
        env: Env | None = None,
        say: Callable[[str], None] = print,
        root: Path = ROOT,
        grace_s: float = 5.0,
    ) -> None:
        super().__init__(data_dir, say=say, grace_s=grace_s)
        self.root = root
        self._env = {**os.environ, **(env or {})}

    def __exit__(self, *exc_info: object) -> None:
        try:
            self.stop_apps()
        finally:
            super().__exit__(*exc_info)

    def stop_apps(self, meanwhile: Meanwhile = lambda parts, left_s: None) -> None:
        """Stop all but the services, which a job may need until its end."""
        for part in self.parts.values():
            part.is_over = True
        self.stop(*self.parts.keys() - SERVICES, meanwhile=meanwhile)

    @property
    def smtp_url(self) -> str:
        """The mail server that the apps use; KeyError if there is none."""
        return self._env["SMTP_URL"]

    @property
    def redis_url(self) -> str:
        """The Redis or Valkey that the apps use; KeyError if there is none."""
        return self._env["REDIS_URL"]

    def start(
        self,
        name: str,
        *,
        env: Env | None = None,
        uvicorn_args: Sequence[str] = (),
        label: str | None = None,
        without: Container[str] = (),
        folder: str = "",
    ) -> Part:
        """Start an app and the services it needs, except those in `without`; wait until all answer.

        A second run of one approach needs a `label`: it names the part and its DATA_DIR. `folder`
        is another package whose `main.app` is to be served instead.
        """
        approach = find_approach(name, self.root)
        services = self._launch_services(approach, without)
        if folder:
            approach = replace(approach, folder=folder)
        app = self._launch_app(approach, label or approach.name, env, uvicorn_args)
        wait_ready([*services, app])
        return app

    def start_mailbox(self) -> Part:
        """Start the mail server: `url` is the part's HTTP side, `smtp_url` is for the apps."""
        mailbox = self._launch_mailbox()
        mailbox.wait_ready()
        return mailbox

    def start_valkey(self) -> Part:
        """Start the embedded Valkey; its `url` is `redis_url`."""
        port = self.claim("valkey", VALKEY)
        folder = make_private_folder(self.data_dir / "valkey")
        valkey = self._launch("valkey", commands.valkey(port, folder))
        valkey.wait_ready()
        self._env["REDIS_URL"] = valkey.url
        return valkey

    def start_rabbitmq(self) -> Part:
        """Start RabbitMQ and let Celery use it as its broker; LabError if it is not installed."""
        ports = [self.claim(f"rabbitmq{what}", RABBITMQ) for what in ("", " nodes", " names")]
        folder = make_private_folder(self.data_dir / "rabbitmq")
        broker = self._launch("rabbitmq", rabbitmq(folder, *ports))
        broker.wait_ready()
        self._env["CELERY_BROKER_URL"] = broker.url
        return broker

    def start_worker(
        self,
        name: str = "jobs",
        *,
        concurrency: int = 2,
        args: Sequence[str] = (),
        env: Env | None = None,
        cwd: Path | None = None,
        folder: str = CELERY,
    ) -> Part:
        """Start a Celery worker with this host name; wait until it takes jobs.

        `args` are more arguments of `celery worker`; `cwd` is another folder to run it in,
        `folder` the package whose `celery_app` it runs.
        """
        worker = self._launch_worker(name, concurrency, env, args, cwd, folder)
        worker.wait_ready()
        return worker

    def start_beat(self, label: str = "beat", *, env: Env | None = None) -> Part:
        """Start Celery's scheduler; wait until it runs."""
        words = commands.beat(CELERY)
        beat = self._launch(label, words, self._with_data(CELERY) | dict(env or {}))
        beat.wait_ready()
        return beat

    def start_flower(self, login: str) -> Part:
        """Start Flower with the login `user:password`."""
        port = self.claim("flower", FLOWER)
        env = self._with_data(CELERY) | {"FLOWER_BASIC_AUTH": login}
        flower = self._launch("flower", commands.flower(CELERY, port), env)
        flower.wait_ready()
        return flower

    def _launch_services(self, approach: Approach, without: Container[str]) -> list[Part]:
        needed = {service for service in approach.services if service not in without}
        launched = []
        if "mailbox" in needed and "SMTP_URL" not in self._env:
            launched.append(self._launch_mailbox())
        if "valkey" in needed and "REDIS_URL" not in self._env:
            self.start_valkey()
        if "worker" in needed and "worker" not in self.parts:
            launched.append(self._launch_worker("jobs", 2, None))
        return launched

    def _launch_mailbox(self) -> Part:
        smtp, http = self.claim("mail server", SMTP), self.claim("inbox", INBOX)
        self._env["SMTP_URL"] = f"smtp://{HOST}:{smtp}"
        return self._launch("mailbox", commands.mailbox(smtp, http))

    def _launch_worker(
        self,
        name: str,
        concurrency: int,
        env: Env | None,
        args: Sequence[str] = (),
        cwd: Path | None = None,
        folder: str = CELERY,
    ) -> Part:
        command = commands.worker(folder, name, concurrency, args)
        label = "worker" if name == "jobs" else name
        return self._launch(label, command, self._with_data(CELERY) | dict(env or {}), cwd)

    def _launch_app(
        self, approach: Approach, label: str, env: Env | None, uvicorn_args: Sequence[str] = ()
    ) -> Part:
        port = self.claim(label, approach.port, next_from=AFTER_THE_APPS)
        command = commands.app(approach.folder, port, uvicorn_args)
        data = self._with_data(label) | dict(env or {})
        own = {
            name: value.format(data_dir=data["DATA_DIR"]) for name, value in approach.env.items()
        }
        return self._launch(label, command, own | data)

    def _with_data(self, label: str) -> dict[str, str]:
        return {"DATA_DIR": str(make_private_folder(self.data_dir / label))}

    def _launch(
        self, name: str, command: commands.Command, env: Env | None = None, cwd: Path | None = None
    ) -> Part:
        if name in self.parts:
            raise LabError(f"{name!r} was started before: use restart(), or another label")
        return self.launch(name, command, env={**self._env, **(env or {})}, cwd=cwd or self.root)
