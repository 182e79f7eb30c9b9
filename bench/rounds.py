"""Runs the measuring programs in turn, each in a process of its own, round after round."""

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from lab.approaches import ROOT

from .rows import Program
from .verdicts import Figure

DEADLINE_S = 120  # for one program
Say = Callable[[str], None]


def measure_all(
    programs: Mapping[str, Program],
    rounds: int,
    folder: Path,
    env: Mapping[str, str],
    say: Say,
    budget_s: float = math.inf,
) -> dict[str, Figure]:
    """Run every program once a round, so that a slow minute of the machine strikes all of them.

    No round begins that would likely end after `budget_s`.
    """
    begin = time.monotonic()
    missing = {name: why for name, each in programs.items() if (why := find_missing(each))}
    values: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(1, rounds + 1):
        if (time.monotonic() - begin) * number > budget_s * max(1, number - 1):
            say(f"the time is over: {number - 1} of {rounds} rounds were measured")
            break
        for name, program in programs.items():
            if name in missing:
                continue
            say(f"round {number} of {rounds}: {program.title}")
            try:
                values[name].append(run_once(program, folder, env))
            except (subprocess.SubprocessError, ValueError) as error:
                missing[name] = f"{program.module} failed: {explain(error)}"
    return {
        name: Figure(missing=missing[name]) if name in missing else Figure(tuple(values[name]))
        for name in programs
    }


def find_missing(program: Program) -> str:
    """Say that the package which a program needs is not installed, or nothing."""
    if program.needs and not find_spec(program.needs):
        return f"{program.needs} is not installed, pip install '.[bench-peers]' adds it"
    return ""


def run_once(program: Program, folder: Path, env: Mapping[str, str]) -> float:
    """Run one program in an empty folder and return its value.

    Raises `subprocess.SubprocessError`, and `ValueError` for output that is no value.
    """
    with tempfile.TemporaryDirectory(dir=folder) as own:
        command = [sys.executable, "-m", f"bench.{program.module}", str(program.count), own]
        done = subprocess.run(
            command, cwd=ROOT, env=env, timeout=DEADLINE_S, check=True, capture_output=True
        )
    return float(json.loads(done.stdout)["value"])


def explain(error: Exception) -> str:
    """Return the last line that a failed program wrote, or else the error's own words."""
    written = getattr(error, "stderr", None) or b""
    lines = written.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else str(error)
