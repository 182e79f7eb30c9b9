"""`lab compare` from the outside: its exit code, its words, its files, and no process left."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from lab.approaches import ROOT

SMALL = ["--emails", "2", "--reports", "1", "--pictures", "1", "--kill-emails", "2"]


def compare_command(out: Path, *options: str) -> list[str]:
    words = [sys.executable, "-m", "lab", "compare", "--out", str(out), "--orders", "100"]
    return [*words, *SMALL, *options]


def run_compare(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = compare_command(out, *options)
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def wait_for_line(readline: Callable[[], str], text: str) -> None:
    """Read lines until one holds `text`."""
    seen: list[str] = []
    while line := readline():
        seen.append(line)
        if text in line:
            return
    raise AssertionError(f"{text!r} is in none of these lines: {seen}")


def test_comparison_of_one_approach_counts_everything(tmp_path: Path) -> None:
    done = run_compare(tmp_path, "--only", "04_custom_queue")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "every promise that was tried here, yes or no, was confirmed" in done.stdout
    row = json.loads((tmp_path / "compare.json").read_text())["approaches"][0]
    assert row["faults"] == []
    assert row["accepted"] == {"seen": 4, "asked": 4}
    assert row["arrived_after_kill"] == {"seen": 0, "asked": 2}
    assert row["healthz_answers"] > 0
    assert 0 < row["last_job_ended_s"] < 60


def test_comparison_ends_with_1_and_a_sentence_when_a_promise_is_broken(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "01_background_tasks").symlink_to(ROOT / "01_background_tasks")
    promises = (ROOT / "approaches.toml").read_text()
    lie = re.sub(r"survives_api_kill = false", "survives_api_kill = true", promises)
    (root / "approaches.toml").write_text(lie)

    done = run_compare(tmp_path, "--only", "01", "--root", str(root))

    assert done.returncode == 1, done.stdout + done.stderr
    assert (
        "01_background_tasks: promised survives_api_kill = true, so 2 of 2; seen 0" in done.stdout
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_stopped_comparison_leaves_no_process(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    command = compare_command(tmp_path, "--only", "01")
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    wait_for_line(process.stdout.readline, "running the jobs")
    started = psutil.Process(process.pid).children(recursive=True)

    process.send_signal(number)
    _, errors = process.communicate(timeout=30)

    assert len(started) >= 3  # the guard, the mail server, the app
    assert process.returncode == code
    assert errors.splitlines() == [
        "Stopped before the end: no process is left, and no table was written."
    ]
    assert psutil.wait_procs(started, timeout=5)[1] == []


def test_unknown_approach_is_one_sentence() -> None:
    done = run_compare(Path("var/never"), "--only", "05")

    assert done.returncode == 2
    assert "unknown approach '05'" in done.stderr
    assert not Path("var/never").exists()
