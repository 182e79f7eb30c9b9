"""Runs the measuring programs in turn, each in a process of its own, round after round."""

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from subprocess import PIPE

from redis import Redis

from lab.approaches import ROOT

from .programs import Program, figures_of
from .verdicts import Figure

DEADLINE_S = 100  # for one program; it is not run again
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

    The Valkey at REDIS_URL in `env` is emptied for each that needs one.
    No round begins that would likely end after `budget_s`.
    """
    begin = time.monotonic()
    missing = {name: why for name, each in programs.items() if (why := find_missing(each))}
    values: dict[str, list[float]] = defaultdict(list)
    for number in range(1, rounds + 1):
        passed_s = time.monotonic() - begin
        if passed_s * number > budget_s * max(1, number - 1):
            say(f"the time is over: {number - 1} of {rounds} rounds were measured")
            break
        for name, program in programs.items():
            if name in missing or (program.once and number > 1):
                continue
            say(f"round {number} of {rounds}, {time.monotonic() - begin:3.0f} s: {program.title}")
            try:
                measured = run_once(program, folder, env)
                for part in program.parts or [""]:
                    values[f"{name}/{part}" if part else name].append(measured[part])
            except (subprocess.SubprocessError, ValueError) as error:
                missing[name] = f"{program.module} failed: {explain(error)}"
    return {
        figure: Figure(missing=missing[name]) if name in missing else Figure(tuple(values[figure]))
        for name, program in programs.items()
        for figure in figures_of(name, program)
    }


def find_missing(program: Program) -> str:
    """Say that the package which a program needs is not installed, or nothing."""
    there = python_of(program).exists() if program.venv else find_spec(program.needs or "bench")
    return "" if there else f"{program.needs} is not installed, `make bench` adds it"


def python_of(program: Program) -> Path:
    """Return the interpreter that runs a program."""
    if program.venv:
        return ROOT / ".venv" / program.venv / "bin" / "python"
    return Path(sys.executable)


def run_once(program: Program, folder: Path, env: Mapping[str, str]) -> dict[str, float]:
    """Run one program in an empty folder, with an empty Valkey, and return its values, by part.

    Raises `subprocess.SubprocessError`, and `ValueError` for output that is no value.
    """
    if program.valkey and (url := env.get("REDIS_URL")):
        with Redis.from_url(url) as redis:
            redis.flushall()  # or its worker would begin with the jobs that others have sent
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as own:
        words = [f"bench.{program.module}", str(program.count), own, *program.options]
        output = run_alone([str(python_of(program)), "-m", *words], env)
    values: dict[str, float] = json.loads(output)
    if values.keys() != set(program.parts or [""]):
        raise ValueError(f"it gave values for {sorted(values)}")
    return values


def run_alone(
    command: Sequence[str], env: Mapping[str, str], timeout_s: float = DEADLINE_S
) -> bytes:
    """Return the output of a command; whatever it started ends with it."""
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=PIPE, stderr=PIPE, start_new_session=True
    ) as process:
        try:
            output, errors = process.communicate(timeout=timeout_s)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output, errors)
    return output


def explain(error: Exception) -> str:
    """Return the last line that a failed program wrote, or else the error's own words."""
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it took longer than {error.timeout:g} s"
    written = getattr(error, "stderr", None) or b""
    lines = written.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else str(error)
