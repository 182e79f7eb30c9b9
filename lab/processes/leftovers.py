"""Ends what a killed lab has left: a list on disk names it, and a guard outlives the lab.

A process counts as the lab's own if its id and start time are on the list, or if its environment
carries the mark of the list; the second finds children whose parent was killed, the first finds
Valkey, which overwrites its environment. A process id alone proves nothing: ids are used again.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import psutil

from lab.errors import LabError

MARK = "LAB_STACK"
# The start time is computed from the clock, which may be set while the process runs.
CLOCK_S = 1.0
TIMEOUT_S = 10.0
GUARD = 'read -r end; [ ! -e "$3" ] || exec "$0" "$@"'


class Leftovers:
    """The processes of one stack, listed in the file `path`.

    A killed process leaves its temporary files behind, so the folder `temporary`, which all of
    them share, is removed when all have ended.
    """

    def __init__(self, path: Path, temporary: Path) -> None:
        self.mark = uuid4().hex
        self._path = path
        self._temporary = temporary
        self._started: dict[int, float] = {}
        self._lock = threading.Lock()
        self._write()
        # The guard's input ends with the lab, however that ends; then it ends what is listed. Until
        # there is something to end it is a shell, which takes little memory and starts at once.
        self._guard = subprocess.Popen(
            ["sh", "-c", GUARD, sys.executable, "-m", "lab.processes.leftovers", str(path)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def add(self, pid: int) -> None:
        """Put a process on the list."""
        with self._lock, suppress(psutil.NoSuchProcess):
            self._started[pid] = psutil.Process(pid).create_time()
            self._write()

    def close(self) -> None:
        """End what still runs, and the guard."""
        end_leftovers(self._path)
        self._guard.communicate()

    def _write(self) -> None:
        draft = self._path.with_suffix(".new")
        facts = {"mark": self.mark, "started": self._started, "temporary": str(self._temporary)}
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(facts))
        draft.replace(self._path)


def end_leftovers(path: Path) -> None:
    """Kill the listed processes and their descendants, wait until all are gone, drop the list."""
    try:
        facts = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return
    started = {int(pid): start for pid, start in facts["started"].items()}
    deadline = time.monotonic() + TIMEOUT_S
    while found := list(_running(facts["mark"], started)):
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        if time.monotonic() > deadline:
            raise LabError(f"cannot end the processes {[process.pid for process in found]}")
        time.sleep(0.02)
    if temporary := facts.get("temporary"):
        shutil.rmtree(temporary, ignore_errors=True)
    path.unlink(missing_ok=True)


def _running(mark: str, started: dict[int, float]) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            start = started.get(process.pid)
            listed = start is not None and abs(process.create_time() - start) < CLOCK_S
            if listed or process.environ().get(MARK) == mark:
                yield process


if __name__ == "__main__":
    end_leftovers(Path(sys.argv[1]))
