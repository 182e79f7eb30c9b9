"""`make clean` takes away what can be made again, and asks before it takes jobs."""

import shutil
import subprocess
from pathlib import Path

import pytest

from lab.approaches import ROOT


@pytest.mark.parametrize(("said", "is_kept"), [("", True), ("n\n", True), ("y\n", False)])
def test_clean_asks_before_it_removes_jobs(tmp_path: Path, said: str, is_kept: bool) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    queue, built = tmp_path / "var" / "queue.sqlite", tmp_path / "site" / "index.html"
    for file in (queue, built):
        file.parent.mkdir()
        file.touch()

    subprocess.run(["make", "clean"], cwd=tmp_path, input=said, check=True, text=True)

    assert (queue.exists(), built.exists()) == (is_kept, False)
