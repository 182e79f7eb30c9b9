"""`lab compare` from the outside: its exit code, its words and its files."""

import json
import re
import subprocess
from pathlib import Path

from lab.approaches import ROOT
from tests.support.programs import run_program

SMALL = ["--emails", "2", "--reports", "1", "--pictures", "1", "--kill-emails", "2"]


def run_compare(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    words = ["lab", "compare", "--out", str(out), "--orders", "100", *SMALL, *options]
    return run_program(words)


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
