"""A measurement that is stopped says so, and leaves neither a process nor a table."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.programs import Program
from tests.support.stand_ins import running
from tests.support.waiting import wait_until

COMPARE = ["compare", "--only", "01", "--reports", "1", "--pictures", "1", "--orders", "100"]
SURVIVAL = ["survival", "--only", "04_custom_queue", "--fault", "job_never_ends"]


@pytest.mark.parametrize(
    ("words", "line", "number", "code"),
    [
        (COMPARE, "running the jobs", signal.SIGTERM, 143),
        (SURVIVAL, "job_never_ends", signal.SIGINT, 130),
    ],
)
def test_stopped_measurement_says_so_and_leaves_nothing(
    tmp_path: Path, words: list[str], line: str, number: signal.Signals, code: int
) -> None:
    errors = tmp_path / "errors"
    with (
        errors.open("w") as stderr,
        Program.start("lab", *words, "--out", str(tmp_path), stderr=stderr) as process,
    ):
        process.read_until(line)
        started = process.below()

        process.send_signal(number)

        assert process.wait(30) == code
    assert len(started) >= 2  # the guard and the mail server, if not also the app
    [said] = errors.read_text().splitlines()
    assert said.startswith("Stopped before the end: no process is left, and ")
    wait_until("no process is left", lambda: running(started), lambda left: not left, 5)
    assert list(tmp_path.glob("*.json")) == []


def test_ctrl_c_reaches_the_lab_alone_and_not_the_process_that_asks() -> None:
    code = (
        "import time\nfrom lab.load.heartbeat import Heartbeat\n"
        "with Heartbeat('http://127.0.0.1:9/'):\n    print('asks', flush=True)\n    time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "asks\n"
    [asking] = psutil.Process(process.pid).children()

    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    assert errors.count("Traceback") == 1  # of the lab itself
    assert "ask_until_told" not in errors
    assert psutil.wait_procs([asking], timeout=5)[1] == []
