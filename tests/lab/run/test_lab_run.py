"""`lab run` shows where everything is, restarts what is killed, and ends in order."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.stand_ins import read_until, running


@pytest.fixture
def lab_run(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-u", "-m", "lab", "run", "01", "--data-dir", str(tmp_path / "data")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_ends_in_order(lab_run: subprocess.Popen[str], number: signal.Signals) -> None:
    url = read_until(lab_run, r"Swagger UI +(http\S+)")
    pids = [child.pid for child in psutil.Process(lab_run.pid).children()]
    read_until(lab_run, "Ctrl-C here ends all of it")
    assert httpx.get(url).status_code == 200

    lab_run.send_signal(number)

    read_until(lab_run, "Stopping")
    assert lab_run.wait(30) == 0
    assert running(pids) == []


def test_killed_app_is_started_again(lab_run: subprocess.Popen[str]) -> None:
    url = read_until(lab_run, r"Swagger UI +(http\S+)")
    pid = int(read_until(lab_run, r"Processes.* api (\d+)"))

    psutil.Process(pid).kill()

    read_until(lab_run, rf"api \(process {pid}\) was killed by signal 9. No job was open.")
    assert int(read_until(lab_run, r"Processes.* api (\d+)")) != pid
    assert httpx.get(url).status_code == 200


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["lab", "run", "05"], "lab: unknown approach '05': it is one of 01_background_tasks, "),
        (
            ["lab", "run", "01", "--data-dir", "/dev/null/x"],
            "lab: cannot write to the folder '/dev/null/x'",
        ),
        (["lab", "zzz"], "lab: no such command 'zzz'; --help shows"),
        (["lab", "run"], "lab: missing argument 'approach'; --help shows"),
        (["lab", "compare", "zzz"], "lab: 'zzz' is too much; --help shows"),
        (["lab", "run", "01", "zzz", "yyy"], "lab: 'zzz yyy' is too much; --help shows"),
        (["lab", "mailbox", "--smtp-port", "x"], "lab: invalid value for '--smtp-port': "),
        (["workshop", "doctor", "zzz"], "workshop: 'zzz' is too much; --help shows"),
        (["workshop", "zzz"], "workshop: no such command 'zzz'; --help shows"),
        (["bench", "--zzz"], "bench: no such option: --zzz"),
        (["site_making", "zzz"], "tables: 'zzz' is too much; --help shows"),
    ],
)
def test_mistake_ends_in_one_sentence(words: list[str], sentence: str) -> None:
    command = [sys.executable, "-m", *words]

    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 2
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
