"""Run a program of ours to its end: as a fork, which costs a quarter of a new Python."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.approaches import ROOT
from lab.processes import part

PATIENCE_S = 60


def start_program(words: Sequence[str], log: Path, env: Mapping[str, str]) -> part.Process:
    """Start what stands after `python -m`, with this environment beside the present one."""
    with log.open("wb") as said:
        return part.start_process(
            [sys.executable, "-m", *words],
            env={**os.environ, **env},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o022,
        )


def run_program(words: Sequence[str], folder: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """Return the exit code of the program, and all that it has said."""
    log = folder / "said.log"
    code = start_program(words, log, env).wait(PATIENCE_S)
    return code, log.read_text(encoding="utf-8")
