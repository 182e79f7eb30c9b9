"""Starts the servers of a step: the commands of its transcript, on ports that are free."""

import os
import re
import shlex
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from lab.approaches import ROOT
from lab.processes.commands import Command, valkey
from lab.processes.folder import make_private_folder
from lab.processes.follow import LogTail
from lab.processes.group import Processes
from lab.processes.part import Part
from lab.processes.ports import HOST
from lab.processes.ready import logs

from .ladder import Step

PORT, REDIS = 8000, 6379  # the ones that a transcript shows
API, WORKER, BROKER = "api", "worker", "valkey"
CHILDREN_S = 20.0
LOOK_S = 0.02
_ASSIGNED = re.compile(r"[A-Z_]+=\S*")


def find_label(command: str) -> str:
    """Return the name of the server that a command starts, or nothing for any other command."""
    words = [word for word in shlex.split(command) if not _ASSIGNED.fullmatch(word)]
    match words:
        case ["fastapi", "dev" | "run", *_] | ["uvicorn", *_]:
            return API
        case ["celery", *rest] if "worker" in rest:
            return WORKER
        case ["celery", *rest] if "beat" in rest:
            return "beat"
    return ""


class Servers(Processes):
    """The processes of one step; leaving the `with` block ends all of them.

    `port` is the one that the API gets if it is free.
    """

    def __init__(
        self,
        step: Step,
        data_dir: Path,
        *,
        port: int = PORT,
        cwd: Path = ROOT,
        say: Callable[[str], None],
        grace_s: float,
    ) -> None:
        super().__init__(data_dir, say=say, grace_s=grace_s)
        self._step = step
        self._wanted = port
        self.cwd = cwd
        self._tails: dict[str, LogTail] = {}
        self._told: set[tuple[str, int]] = set()
        self.port = self.redis_port = 0
        self._redis_url = ""

    def __exit__(self, *exc_info: object) -> None:
        for tail in self._tails.values():
            tail.close()
        super().__exit__(*exc_info)

    def open(self) -> None:
        """Choose the ports, and start the broker if the step needs one."""
        self.port = self.claim(API, self._wanted)
        if self._step.folder == "03_celery":
            self.redis_port = self.claim(BROKER, self._wanted + REDIS - PORT)
            folder = make_private_folder(self.data_dir / BROKER)
            broker = valkey(self.redis_port, folder)
            self._redis_url = broker.url
            self.launch(BROKER, broker, env=self.env, cwd=self.cwd).wait_ready()

    @property
    def env(self) -> dict[str, str]:
        """The environment of each command: the venv's programs first."""
        env = {**os.environ, "COLUMNS": "100", "PYTHONUNBUFFERED": "1"}
        env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        if self.redis_port:
            env["REDIS_URL"] = self._redis_url
        return env

    def put_ports(self, text: str) -> str:
        """Exchange the ports of a transcript for those of this run."""
        return _exchange(text, {PORT: self.port, REDIS: self.redis_port or REDIS})

    def with_port(self, command: str) -> str:
        """Return a command of the transcript for the ports of this run, on loopback."""
        command = self.put_ports(command)
        if find_label(command) == API:
            if " run " in command and "--host" not in command:
                command += f" --host {HOST}"
            if self.port != PORT and "--port" not in command:
                command += f" --port {self.port}"
        return command

    def hide(self, text: str) -> str:
        """Exchange the ports of this run for those of a transcript, and shorten its paths.

        The broker of a transcript has no password.
        """
        password = urlsplit(self._redis_url).password
        for shown in ("**", password) if password else ():
            text = text.replace(f":{shown}@", "")
        text = _exchange(text, {self.port: PORT, self.redis_port or REDIS: REDIS})
        for root in (self.cwd, self._step.root, ROOT):
            text = text.replace(f"{root}/", "")
        return text

    def begin(self, command: str) -> Part:
        """Start a server with a command of the transcript; wait until it answers or has ended."""
        label = find_label(command)
        words = shlex.split(self.with_port(command).replace("\\\n", " "))
        if _ASSIGNED.fullmatch(words[0]):
            words.insert(0, "env")
        if part := self.parts.get(label):
            part.wait_exit()  # until then its terminal is not free
            part.command = words
            part.launch()
        else:
            answers = _listens(self.port) if label == API else logs(r"\bready\.|beat: Starting")
            what = Command(words, "", lambda part: not part.alive or answers(part))
            part = self.launch(label, what, env=self.env, cwd=self.cwd)
            self._tails[label] = LogTail(part)
        part.wait_ready()
        return part

    def interrupt(self, label: str) -> bool:
        """End a server as Ctrl-C in its terminal would; tell whether there was one to end."""
        part = self.parts.get(label)
        if part is None or not part.alive:
            return False
        below = part.children()
        part.interrupt(group=True)
        part.wait_exit()
        # A reloader may end before the server below it, which still holds the port.
        deadline = time.monotonic() + CHILDREN_S
        while any(psutil.pid_exists(pid) for pid in below) and time.monotonic() < deadline:
            time.sleep(LOOK_S)
        return True

    def new_lines(self) -> list[tuple[str, str]]:
        """Return what the servers have printed since the last call, each line with its server."""
        lines = []
        for label, tail in self._tails.items():
            # Asked before the last lines are read: none of them comes after the end.
            code, pid = self.parts[label].code, self.parts[label].pid
            lines += [(label, line) for line in tail.lines()]
            if code is not None and code < 0 and (label, pid) not in self._told:
                self._told.add((label, pid))
                lines.append((label, signal.strsignal(-code) or ""))  # as a terminal says it
        return lines

    def owns(self, pid: int) -> bool:
        """Tell whether this is one of the processes that were started here."""
        return any(pid in (part.pid, *part.children()) for part in self.parts.values())


def _exchange(text: str, numbers: dict[int, int]) -> str:
    """Exchange numbers that stand alone or behind a colon or an equals sign, not parts of ids."""
    for old, new in numbers.items():
        text = re.sub(rf"(?<![\w.-]){old}(?![\w.-])", str(new), text)
    return text


def _listens(port: int) -> Callable[[Part], bool]:
    def ready(part: Part) -> bool:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return True
        return False

    return ready
