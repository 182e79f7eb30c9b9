"""Watches ledger, processes and inbox of one lane while a run goes on."""

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from lab.ledger import NAME
from lab.plain_http import TRUSTS_NOBODY
from lab.processes.part import Part
from lab.survival.running_column import RunningColumn

LOOK_S, MAIL_EVERY = 0.05, 5
JSONDict = dict[str, Any]  # Any: events carry different facts
Emit = Callable[..., None]


class LedgerTail:
    """The lines that were appended to a ledger and that were not read yet."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / NAME
        self._rest = b""
        self._offset = self._path.stat().st_size if self._path.exists() else 0
        self._inode = self._path.stat().st_ino if self._path.exists() else 0

    def read(self) -> list[JSONDict]:
        """Return the events since the last call; a new file is read from its start."""
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            inode = self._path.stat().st_ino
            if self._inode and inode != self._inode:
                self._offset, self._rest = 0, b""
            self._inode = inode
            file.seek(self._offset)
            read = file.read()
            self._offset += len(read)
            *lines, self._rest = (self._rest + read).split(b"\n")
            return [event for line in lines if (event := _parse(line))]
        return []


def _parse(line: bytes) -> JSONDict:
    with suppress(json.JSONDecodeError):
        return dict(json.loads(line))
    return {}


def find_parts(running: RunningColumn) -> dict[str, Part]:
    """Return what a reader sees of a lane: its processes by what they are for."""
    stack, app = running.stack, running.app
    named = {"api": app}
    for label, part in list(stack.parts.items()):  # a fault may start one
        if part is not app and label.startswith(f"{running.column.approach.name}-") and part.alive:
            named["second api"] = part
    if running.column.has_worker:
        named["worker"] = running.worker
        if "valkey" in stack.parts:
            named["broker"] = running.broker
    if "mailbox" in stack.parts:
        named["mail server"] = running.mailbox
    return named


class Watcher:
    """A thread that tells `emit` what it sees in one lane, from `start` until `stop`."""

    def __init__(self, running: RunningColumn, emit: Emit) -> None:
        self._running = running
        self._emit = emit
        self._tail = LedgerTail(running.data_dir)
        self._known: set[str] = set()  # tasks of this run
        self._early: dict[str, list[JSONDict]] = {}  # told of before the 202 was seen
        self._early_mails: dict[str, list[JSONDict]] = {}
        self._seen: dict[str, tuple[int, bool]] = {}
        self._mails = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._http = httpx.Client(trust_env=False, verify=TRUSTS_NOBODY, timeout=2)
        self._thread = threading.Thread(target=self._look_again_and_again, daemon=True)

    def start(self) -> None:
        """Begin to look; what is there already is not told of."""
        for part in find_parts(self._running).values():
            part.signalled = self._tell_signal
        self._look_at_processes()
        self._mails = self._count_mails()
        self._thread.start()

    def stop(self) -> None:
        """Look a last time, and end."""
        self._stop.set()
        self._thread.join()
        for part in find_parts(self._running).values():
            part.signalled = lambda command: None
        self._look(mail=True)
        self._http.close()

    def know(self, task_id: str) -> None:
        """Tell of this task from now on, and of what was seen of it before."""
        with self._lock:
            self._known.add(task_id)
            for event in self._early.pop(task_id, ()):
                self._tell(event)
            for mail in self._early_mails.pop(task_id, ()):
                self._tell_mail(mail)

    def _look_again_and_again(self) -> None:
        looks = 0
        while not self._stop.wait(LOOK_S):
            self._look(mail=looks % MAIL_EVERY == 0)
            looks += 1

    def _look(self, *, mail: bool) -> None:
        with self._lock:
            for event in self._tail.read():
                task_id = str(event["task_id"])
                if task_id in self._known:
                    self._tell(event)
                else:
                    self._early.setdefault(task_id, []).append(event)
        self._look_at_processes()
        if mail:
            self._look_at_mail()

    def _tell(self, event: JSONDict) -> None:
        facts = {name: event.get(name) for name in ("pid", "thread", "attempt", "error")}
        kept: Mapping[str, Any] = {name: value for name, value in facts.items() if value}
        self._emit("ledger", event["t"], event=event["event"], task=event["task_id"], **kept)

    def _tell_signal(self, command: str) -> None:
        self._emit("signal", None, command=command)

    def _look_at_processes(self) -> None:
        for role, part in find_parts(self._running).items():
            now = (part.pid, part.alive)
            if now != self._seen.get(role):
                self._seen[role] = now
                code = {} if part.alive else {"code": part.code}
                self._emit("process", None, part=role, pid=part.pid, up=part.alive, **code)

    def _look_at_mail(self) -> None:
        if "mailbox" not in self._running.stack.parts:
            return
        with suppress(httpx.HTTPError):
            url = f"{self._running.mailbox.url}/messages"
            found = self._http.get(url, params={"after": self._mails}).json()
            for message in found:
                self._mails = message["number"]
                task_id = message["task_id"]
                with self._lock:
                    if task_id in self._known:
                        self._tell_mail(message)
                    else:
                        self._early_mails.setdefault(task_id, []).append(message)
            if not found and self._count_mails() < self._mails:
                self._mails = 0  # the mail server was started again, and counts from 1

    def _tell_mail(self, message: JSONDict) -> None:
        facts = {name: message[name] for name in ("number", "to", "subject")}
        self._emit("mail", None, task=message["task_id"], **facts)

    def _count_mails(self) -> int:
        with suppress(httpx.HTTPError):
            url = f"{self._running.mailbox.url}/count"
            return int(self._http.get(url).json()["received"])
        return 0
