"""`lab run` in a process of its own."""

import re
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.ledger import read_ledger
from tests.support.programs import Program
from tests.support.waiting import wait_until

EMAIL = {"to": "ann@example.com", "subject": "Hello", "body": "It works."}
# A killed worker's jobs come back soon.
ENV = {"VISIBILITY_TIMEOUT_S": "9", "JOB_TIMEOUT_S": "8", "RETRY_BASE_S": "0.2"}


@dataclass
class LabRun:
    """`lab run` in a process of its own, and the lines that it has printed."""

    name: str
    folder: Path
    process: Program
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self) -> None:
        """End it at once, if it still runs: the second signal cuts off what runs."""
        if self.process.process.poll() is None:
            self.send(signal.SIGTERM)
            self.wait_for_line("Stopping")
            self.send(signal.SIGTERM)
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()

    def _read(self) -> None:
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def wait_for_line(self, words: str) -> str:
        """Wait until a line has these words, and return it."""
        return wait_until(
            f"a line with {words!r}",
            lambda: next((line for line in list(self.lines) if words in line), ""),
            timeout_s=60,
        )

    def url(self, what: str) -> str:
        return self.wait_for_line(what).split(what)[1].split()[0].removesuffix("/docs")

    def pid_of(self, name: str) -> int:
        """Return the process id that the last list of processes names."""
        self.wait_for_line("Processes")
        last = [line for line in self.lines if line.startswith("  Processes")][-1]
        return int(re.findall(rf"\b{name} (\d+)", last)[0])

    def post_slow_emails(self, count: int, delay_s: float) -> None:
        """Post e-mails that the mail server takes its time for, and wait until they run."""
        inbox = self.url("Inbox")
        httpx.put(f"{inbox}/behaviour", json={"delay_s": delay_s}).raise_for_status()
        for _ in range(count):
            httpx.post(f"{self.url('Swagger UI')}/emails", json=EMAIL).raise_for_status()
        wait_until(
            "the e-mails are under way",
            lambda: httpx.get(f"{inbox}/count").json()["open_sessions"] == count,
        )

    def events(self) -> list[dict[str, Any]]:
        """Return what the ledger tells, whatever the folder of the app is called."""
        [path] = self.folder.glob("0*/ledger.jsonl")
        return list(read_ledger(path.parent))

    def count(self, event: str) -> int:
        return sum(each["event"] == event for each in self.events())

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], LabRun]]:
    started: list[LabRun] = []

    def start_it(name: str) -> LabRun:
        words = ("lab", "run", name, "--data-dir", str(tmp_path / name))
        started.append(LabRun(name, tmp_path / name, Program.start(*words, env=ENV)))
        return started[-1]

    yield start_it
    for run in started:
        run.close()
