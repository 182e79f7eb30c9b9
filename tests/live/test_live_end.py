"""However the live page ends, it leaves no process behind."""

import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from lab.processes import part
from lab.processes.leftovers import MARK
from tests.support.stand_ins import running
from tests.support.waiting import wait_until

from .conftest import LiveLab, open_client

LANE = "01_background_tasks"


def start_a_run(lab: LiveLab) -> list[int]:
    """Begin a run that waits for a guess, and return the ids of all processes below the lab."""
    with open_client(lab.url) as client:
        body = {"preset": "kill9_api", "lanes": [LANE], "jobs": 2}
        client.post("/api/runs", json=body).raise_for_status()
        wait_until(
            "the run waits for a guess",
            lambda: client.get("/api/state").json()["phase"],
            lambda phase: phase == "predict",
            timeout_s=90,
        )
    below = lab.process.below()
    assert len(below) >= 4  # a mail server, an API, a guard, and what asks /healthz
    return below


def is_marked(pid: int) -> bool:
    """Tell whether a lab started it; False if it has ended meanwhile."""
    with suppress(psutil.Error):
        return MARK in psutil.Process(pid).environ()
    return False


@pytest.fixture
def no_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start real programs: whoever looks for the mark of the lab finds no fork."""
    monkeypatch.setattr(part, "start_process", subprocess.Popen)


@pytest.mark.usefixtures("no_forks")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_when_the_page_is_ended(
    start_lab: Callable[..., LiveLab], number: signal.Signals
) -> None:
    lab = start_lab()
    pids = start_a_run(lab)

    lab.process.send_signal(number)
    lab.process.wait(60)

    wait_until("no process is left", lambda: running(pids), lambda left: not left)


@pytest.mark.usefixtures("no_forks")
def test_next_start_ends_what_a_killed_lab_and_its_guard_left(
    start_lab: Callable[..., LiveLab],
) -> None:
    lab = start_lab()
    pids = start_a_run(lab)
    for child in psutil.Process(lab.process.pid).children():
        if "lab.processes.leftovers" in child.cmdline():
            child.kill()
    lab.process.kill()
    marked = [pid for pid in running(pids) if is_marked(pid)]
    assert len(marked) >= 2

    start_lab("--data-dir", str(lab.folder))

    assert running(marked) == []
