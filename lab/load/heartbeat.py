"""Asks one URL again and again from a process of its own, and keeps how long the answers took.

The process that uploads the pictures is busy itself, and would count that as the server's delay.
"""

import http.client
import json
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from lab.compare.figures import percentiles

PAUSE_S = 0.025
TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Beats:
    """How many answers came, how many did not, and how long the slowest and the others took."""

    answers: int = 0
    failures: int = 0
    worst_ms: float = 0.0
    p99_ms: float = 0.0


class Heartbeat:
    """Asks `url` every `pause_s` inside its `with` block; `beats` holds the outcome afterwards."""

    def __init__(self, url: str, pause_s: float = PAUSE_S) -> None:
        self.beats = Beats()
        self._command = [sys.executable, "-m", "lab.load.heartbeat", url, str(pause_s)]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,  # Ctrl-C is for the lab alone: here it would print a traceback
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # its first line says that it asks from now on
        return self

    def forget(self) -> None:
        """Drop what was counted so far, and begin again."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def __exit__(self, exc_type: object, *exc_info: object) -> None:
        # It ends when its input does, so also when this process is killed.
        output, _ = self._process.communicate()
        if exc_type is None:
            self.beats = Beats(**json.loads(output))


def ask_until_told(url: str, pause_s: float) -> Beats:
    """Ask until standard input ends; each line of it starts the count again."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
    failures, times_ms = 0, list[float]()
    while True:
        if select.select([sys.stdin], [], [], pause_s)[0]:
            if not sys.stdin.readline():
                break
            failures, times_ms = 0, []
        started = time.perf_counter()
        failures += not answers(connection, parts.path)
        times_ms.append((time.perf_counter() - started) * 1000)
    worst_ms, p99_ms = max(times_ms, default=0.0), percentiles(times_ms).p99_ms
    return Beats(len(times_ms) - failures, failures, worst_ms, p99_ms)


def answers(connection: http.client.HTTPConnection, path: str) -> bool:
    """Ask once, and tell whether the answer was 200."""
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return False
    return answer.status == http.client.OK


def main() -> None:
    """Ask the URL of the first argument, pausing as the second says; print the outcome as JSON."""
    print("asking", flush=True)
    print(json.dumps(vars(ask_until_told(sys.argv[1], float(sys.argv[2])))))


if __name__ == "__main__":
    main()
