"""One real process of the lab: start it, wait until it answers, signal it, start it again."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psutil

from lab.errors import LabError

from .folder import OF_OTHERS
from .pauses import pause

READY_S = 60.0
GONE_S = 30.0
Signal = signal.Signals


class Process(Protocol):
    """What a part needs of its process; `subprocess.Popen` has it."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


# The tests replace it with something quicker than a new Python for each app.
start_process: Callable[..., Process] = subprocess.Popen


@dataclass
class Part:
    """A process in its own session: Ctrl-C on the terminal does not reach it.

    `ready` tells whether it answers; `launched` is told the process id of each start,
    `signalled` each signal as the command that would send it, and `ended` of an end that
    `restart` has found, while `pid` and `code` are still those of the process that has ended.
    """

    name: str
    url: str
    command: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    ready: Callable[["Part"], bool]
    launched: Callable[[int], None] = lambda pid: None
    signalled: Callable[[str], None] = lambda command: None
    ended: Callable[["Part"], None] = lambda part: None
    is_over: bool = field(default=False, init=False)  # the lab ends: it is not to start again
    _process: Process | None = field(default=None, init=False, repr=False)
    _starting: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _log_start: int = field(default=0, init=False, repr=False)

    @property
    def pid(self) -> int:
        """The process id of the present, or else the last, run."""
        if self._process is None:
            raise LabError(f"{self.name} was never started")
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def code(self) -> int | None:
        """The code with which it has ended (-9 after SIGKILL); None while it runs."""
        return self._process.poll() if self._process else None

    def launch(self) -> None:
        """Start the process and return at once."""
        if self.is_over:
            raise LabError(f"{self.name} is not started again: the lab ends")
        if self.alive:
            raise LabError(f"{self.name} is running already (process {self.pid})")
        self.log.touch(mode=0o600)
        with self.log.open("ab" if self._process else "wb") as log:
            self._log_start = log.tell()
            self._process = start_process(
                self.command,
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=OF_OTHERS,
            )
        self.launched(self.pid)

    def wait_ready(self, timeout_s: float = READY_S) -> None:
        """Wait until it answers; raise LabError with the end of its log if it does not."""
        started = time.monotonic()
        while not self.ready(self):
            if not self.alive:
                raise LabError(
                    self._with_log(f"{self.name} ended with code {self.code} before it answered")
                )
            if time.monotonic() - started > timeout_s:
                raise LabError(self._with_log(f"{self.name} gave no answer in {timeout_s:g} s"))
            pause(started)

    def restart(self) -> None:
        """Start it again with the same command, port and data, and wait until it answers.

        If several threads ask for that at once, only one of them starts it.
        """
        with self._starting:
            if not self.alive:
                if self._process and not self.is_over:
                    self.ended(self)
                self.launch()
        self.wait_ready()

    def send(self, number: Signal, *, group: bool = False) -> None:
        """Send a signal to the process, or to its whole process group."""
        alive = self.alive
        # After its end the id may belong to another program, but not while one of its children
        # lives: the kernel gives no new process the id of a process group.
        with suppress(ProcessLookupError, PermissionError):
            if group and (alive or not psutil.pid_exists(self.pid)):
                os.killpg(self.pid, number)
                self.signalled(f"kill -{_name(number)} -- -{self.pid}")
            elif alive:
                os.kill(self.pid, number)
                self.signalled(f"kill -{_name(number)} {self.pid}")

    def kill9(self, *, group: bool = False) -> None:
        """Kill it with SIGKILL, with its children if `group`, and wait until all are gone.

        A child of uvicorn holds the port until its own end: the next start would find it taken.
        """
        if self._process is None:
            return  # it was stopped before it was started
        members = [pid for pid in self.children() if _is_in_group(pid, self.pid)] if group else []
        self.send(signal.SIGKILL, group=group)
        self.wait_exit()
        started = time.monotonic()
        while any(map(_runs, members)) and time.monotonic() - started < GONE_S:
            pause(started)

    def term(self) -> None:
        """Send SIGTERM; see `wait_exit`."""
        self.send(signal.SIGTERM)

    def interrupt(self, *, group: bool = False) -> None:
        """Send SIGINT; see `wait_exit`."""
        self.send(signal.SIGINT, group=group)

    def wait_exit(self, timeout_s: float = GONE_S) -> int:
        """Wait for the end of the process and return its code (-9 after SIGKILL)."""
        if self._process is None:
            raise LabError(f"{self.name} was never started")
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            sentence = f"{self.name} (process {self.pid}) still runs after {timeout_s:g} s"
            raise LabError(self._with_log(sentence)) from None

    def children(self) -> list[int]:
        """Return the process ids below it, the oldest first."""
        with suppress(psutil.NoSuchProcess):
            below = psutil.Process(self.pid).children(recursive=True)
            return [child.pid for child in below if _runs(child.pid)]
        return []

    def log_text(self) -> str:
        """Return what it has logged since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def _with_log(self, sentence: str, lines: int = 15) -> str:
        tail = "\n".join(f"    {line}" for line in self.log_text().splitlines()[-lines:])
        return f"{sentence}; the end of {self.log}:\n{tail or '    (empty)'}"


def _is_in_group(pid: int, group: int) -> bool:
    with suppress(ProcessLookupError):
        return os.getpgid(pid) == group
    return False


def _runs(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def _name(number: Signal) -> str:
    """Return what people type: `9`, and the names of the others."""
    return "9" if number is signal.SIGKILL else number.name.removeprefix("SIG")
