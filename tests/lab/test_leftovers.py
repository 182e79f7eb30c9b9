"""No process of the lab outlives it, however the lab ends."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from lab.processes.leftovers import end_leftovers
from lab.processes.stack import Stack
from tests.support.stand_ins import running, write_stand_ins
from tests.support.waiting import wait_until

CONTROLLER = """
import json, sys, time
from pathlib import Path
from lab.processes.signals import signals_exit
from lab.processes.stack import Stack

with signals_exit(), Stack(sys.argv[1], root=Path(sys.argv[2]), say=lambda line: None) as stack:
    stack.start("01", uvicorn_args=["--workers", "2"])
    stack.start_valkey()
    pids = [part.pid for part in stack.parts.values()]
    pids += [pid for part in stack.parts.values() for pid in part.children()]
    print(json.dumps(pids), flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stand_ins(tmp_path_factory.mktemp("root"))


@pytest.fixture
def controller(root: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a lab in a process of its own; it prints the ids of the processes that it started."""
    words = [sys.executable, "-c", CONTROLLER, str(tmp_path), str(root)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def read_pids(controller: subprocess.Popen[str]) -> list[int]:
    """Read what the controller prints when all parts answer."""
    assert controller.stdout
    pids: list[int] = json.loads(controller.stdout.readline())
    return pids


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_the_lab_is_ended(
    controller: subprocess.Popen[str], number: signal.Signals
) -> None:
    pids = read_pids(controller)
    assert len(pids) >= 5

    controller.send_signal(number)
    controller.wait(15)

    if number == signal.SIGKILL:
        wait_until("the guard ends what is left", lambda: running(pids), lambda left: not left)
    assert running(pids) == []


def test_next_start_ends_what_a_crashed_lab_and_its_guard_left(
    controller: subprocess.Popen[str], root: Path, tmp_path: Path
) -> None:
    pids = read_pids(controller)
    for child in psutil.Process(controller.pid).children():
        if "lab.processes.leftovers" in child.cmdline():
            child.kill()
    controller.kill()
    controller.wait()
    assert sorted(running(pids)) == sorted(pids)

    with Stack(tmp_path, root=root):
        left = running(pids)

    assert left == []


def test_stranger_with_a_listed_process_id_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "processes.json"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        started = {str(stranger.pid): psutil.Process(stranger.pid).create_time() - 60}
        path.write_text(json.dumps({"mark": "of a crashed lab", "started": started}))

        end_leftovers(path)

        assert stranger.poll() is None
        assert not path.exists()
        stranger.kill()
