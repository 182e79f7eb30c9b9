"""Asks one URL again and again from a process of its own, and keeps the slowest answer.

In the process that uploads the pictures, the client's own work would count as the server's delay.
"""

import http.client
import json
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

PAUSE_S = 0.025
TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Beats:
    """How many answers came, how many did not, and how long the slowest took."""

    answers: int = 0
    failures: int = 0
    worst_ms: float = 0.0


class Heartbeat:
    """Asks `url` every 25 ms inside its `with` block; `beats` holds the outcome afterwards."""

    def __init__(self, url: str) -> None:
        self.beats = Beats()
        self._command = [sys.executable, "-m", "lab.heartbeat", url]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # its first line says that it asks from now on
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # The end of its input ends it, also when this process is killed.
        output, _ = self._process.communicate()
        if exc is None:
            self.beats = Beats(**json.loads(output))


def ask_until_told(url: str) -> Beats:
    """Ask until standard input ends."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
    answers, failures, worst_s = 0, 0, 0.0
    while not select.select([sys.stdin], [], [], PAUSE_S)[0]:
        started = time.perf_counter()
        if _answers(connection, parts.path):
            answers += 1
        else:
            failures += 1
        worst_s = max(worst_s, time.perf_counter() - started)
    return Beats(answers, failures, worst_s * 1000)


def _answers(connection: http.client.HTTPConnection, path: str) -> bool:
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return False
    return answer.status == http.client.OK


def main() -> None:
    """Ask the URL of the first argument and print the outcome as JSON."""
    print("asking", flush=True)
    print(json.dumps(vars(ask_until_told(sys.argv[1]))))


if __name__ == "__main__":
    main()
