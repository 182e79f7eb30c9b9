"""How `lab run` ends: it waits for jobs and says so, or cuts them off; the services go last."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from lab.ledger import read_ledger
from tests.support.stand_ins import running
from tests.support.waiting import wait_until

EMAIL = {"to": "ann@example.com", "subject": "Hello", "body": "It works."}
# A killed worker's jobs come back soon.
ENV = {"VISIBILITY_TIMEOUT_S": "9", "JOB_TIMEOUT_S": "8", "RETRY_BASE_S": "0.2"}


@dataclass
class LabRun:
    """`lab run` in a process of its own, and the lines that it has printed."""

    name: str
    folder: Path
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self) -> None:
        """End it without an order, if it still runs."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout
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
        words = [sys.executable, "-u", "-m", "lab", "run", name, "--data-dir", str(tmp_path / name)]
        process = subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **ENV},
        )
        started.append(LabRun(name, tmp_path / name, process))
        return started[-1]

    yield start_it
    for run in started:
        run.close()


@pytest.mark.parametrize("name", ["01", "03"])
def test_first_interrupt_waits_for_jobs_and_says_how_long_at_most(
    start: Callable[[str], LabRun], name: str
) -> None:
    run = start(name)
    run.post_slow_emails(2, delay_s=5)

    run.send(signal.SIGINT)

    run.wait_for_line("Stopping: jobs that run have 25 s to end. Ctrl-C again cuts them off.")
    said = run.wait_for_line("lab Waiting for ")
    assert "(process " in said
    assert 15 < float(said.split(", ")[1].split(" s at most")[0]) < 25
    assert run.process.wait(40) == 0
    assert run.count("finished") == 2
    assert run.count("failed") == run.count("retried") == 0


@pytest.mark.parametrize(("name", "number"), [("01", signal.SIGTERM), ("03", signal.SIGINT)])
def test_second_signal_cuts_off_at_once_and_fails_no_job(
    start: Callable[[str], LabRun], name: str, number: signal.Signals
) -> None:
    run = start(name)
    run.post_slow_emails(2, delay_s=300)
    pids = [child.pid for child in psutil.Process(run.process.pid).children(recursive=True)]

    run.send(number)
    run.wait_for_line("Stopping:")
    began = time.monotonic()
    run.send(number)
    run.process.wait(30)

    assert time.monotonic() - began < 15
    run.wait_for_line("Cut off:")
    assert running(pids) == []
    assert run.count("started") == 2
    assert run.count("failed") == run.count("retried") == 0


def test_what_was_cut_off_is_done_after_the_next_start(start: Callable[[str], LabRun]) -> None:
    run = start("03")
    run.post_slow_emails(2, delay_s=300)
    run.send(signal.SIGINT)
    run.wait_for_line("Stopping:")
    run.send(signal.SIGINT)
    run.process.wait(30)

    again = start("03")
    wait_until("both are done", lambda: again.count("finished") == 2, timeout_s=60)
    assert not [line for line in again.lines if "Traceback" in line or "has ended" in line]
    again.send(signal.SIGINT)
    assert again.process.wait(40) == 0
    assert again.count("failed") == 0


def test_closed_terminal_ends_all_of_it(start: Callable[[str], LabRun]) -> None:
    run = start("01")
    run.wait_for_line("curl -s")
    pids = [child.pid for child in psutil.Process(run.process.pid).children(recursive=True)]
    assert run.process.stdout
    nobody = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nobody, run.process.stdout.fileno())  # who writes now gets an error
    os.close(nobody)

    run.send(signal.SIGHUP)

    run.process.wait(40)
    wait_until("no process is left", lambda: running(pids) == [])


@pytest.mark.parametrize("after_s", [0.5, 2.0])
def test_signal_during_the_start_leaves_nothing(
    start: Callable[[str], LabRun], after_s: float
) -> None:
    run = start("03")
    time.sleep(after_s)
    pids = []
    with suppress(psutil.NoSuchProcess):
        pids = [child.pid for child in psutil.Process(run.process.pid).children(recursive=True)]

    run.send(signal.SIGTERM)

    run.process.wait(40)
    wait_until("no process is left", lambda: running(pids) == [])
    assert not [line for line in run.lines if "Traceback" in line], run.lines
