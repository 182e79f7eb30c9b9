"""Each trap of the site breaks today as its page shows: the programs of `docs/traps/` are run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRAPS = sorted((ROOT / "docs" / "traps").glob("*.py"))
by_trap = pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.stem)


@by_trap
def test_trap_prints_what_the_page_shows(trap: Path) -> None:
    command = [sys.executable, "-W", "error", str(trap)]

    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert run.stdout + run.stderr == trap.with_suffix(".txt").read_text(encoding="utf-8")
    assert run.returncode == 0


@by_trap
def test_trap_is_shown_with_its_output_and_each_number_in_it_explained(trap: Path) -> None:
    marks = re.findall(r"#.*\((\d)\)$", trap.read_text(encoding="utf-8"), re.MULTILINE)
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "docs").rglob("*.md"))
    shown = pages.split(f'--8<-- "docs/traps/{trap.name}"\n```\n\n')[1:]

    explained = [re.findall(r"^(\d)\. ", each.partition("\n\n")[0], re.MULTILINE) for each in shown]

    assert shown
    assert explained == [marks] * len(shown)
    assert f'--8<-- "docs/traps/{trap.stem}.txt"' in pages
