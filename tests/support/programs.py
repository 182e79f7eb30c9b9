"""Start a program of ours: as a fork, which costs a quarter of a new Python."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Self

import psutil

from lab.approaches import ROOT
from lab.processes import part

PATIENCE_S = 110


def start_program(
    words: Sequence[str],
    env: Mapping[str, str] | None,
    stdout: IO[str],
    stderr: IO[str] | int = subprocess.STDOUT,
    stdin: IO[str] | int = subprocess.DEVNULL,
) -> part.Process:
    """Start what stands after `python -m`, with this environment beside the present one."""
    return part.start_process(
        [sys.executable, "-m", *words],
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
        cwd=ROOT,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        umask=0o022,
    )


def run_program(
    words: Sequence[str], env: Mapping[str, str] | None = None, *, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; return its code and what it has printed."""
    with TemporaryFile("w+") as keys, TemporaryFile("w+") as out, TemporaryFile("w+") as errors:
        keys.write(typed)
        keys.seek(0)
        code = start_program(words, env, out, errors, keys).wait(PATIENCE_S)
        for file in (out, errors):
            file.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), errors.read())


@dataclass
class Program:
    """A program that runs, and what it prints; much like `Popen`."""

    process: part.Process
    stdout: IO[str]

    @classmethod
    def start(
        cls,
        *words: str,
        env: Mapping[str, str] | None = None,
        stderr: IO[str] | int = subprocess.STDOUT,
    ) -> Self:
        read_end, write_end = os.pipe()
        with open(write_end, "w") as stdout:
            process = start_program(words, env, stdout, stderr)
        return cls(process, open(read_end, encoding="utf-8"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        """End it in order, so that it ends what it has started."""
        self.send_signal(signal.SIGTERM)
        self.stdout.read()
        self.stdout.close()
        self.wait()

    @property
    def pid(self) -> int:
        return self.process.pid

    def send_signal(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
        self.wait()

    def wait(self, timeout_s: float = 60) -> int:
        return self.process.wait(timeout_s)

    def read_until(self, pattern: str) -> str:
        """Read lines up to the one that matches; return the first group, or the match."""
        seen = []
        for line in self.stdout:
            seen.append(line)
            if found := re.search(pattern, line):
                return found[found.lastindex or 0]
        raise AssertionError(f"no line matches {pattern!r} in {''.join(seen)}")

    def below(self) -> list[int]:
        """Return what it has started, and what that has; its own forking process is left out."""
        itself, found = psutil.Process(self.pid), list[int]()
        for each in itself.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if each.ppid() != self.pid or each.cmdline() != itself.cmdline():
                    found.append(each.pid)
        return found
