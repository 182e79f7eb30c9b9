"""Asks /healthz of every lane each 100 ms, from a process of its own.

In the process that posts the jobs, the client's own work would count as the delay of the API.
Each line of standard input is JSON, `{"0": "http://…/healthz"}`, and says what to ask from now on;
each line of output has the milliseconds of the last answers of each lane: null for no answer. An
answer that is still awaited counts with the time so far, so that a frozen API is seen at once.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from lab.load.heartbeat import answers

EVERY_S, TELL_S = 0.1, 0.25
TIMEOUT_S = 60.0


class Asker:
    """Asks one URL until it is told to stop."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._times_ms: list[int | None] = []
        self._asked_at: float | None = None
        self._stopped = threading.Event()
        threading.Thread(target=self._ask_again_and_again, daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def take(self) -> list[int | None]:
        """Return the times since the last call, with that of a question without an answer."""
        taken, self._times_ms = self._times_ms, []
        since = self._asked_at
        if since is not None and (waited_s := time.monotonic() - since) > TELL_S:
            taken.append(round(waited_s * 1000))
        return taken

    def _ask_again_and_again(self) -> None:
        connection = http.client.HTTPConnection(self._url.netloc, timeout=TIMEOUT_S)
        while not self._stopped.is_set():
            self._asked_at = started = time.monotonic()
            answered = answers(connection, self._url.path)
            took_s = time.monotonic() - started
            self._asked_at = None
            self._times_ms.append(max(1, round(took_s * 1000)) if answered else None)
            self._stopped.wait(max(0.0, EVERY_S - took_s))


def main() -> None:
    """Ask until standard input ends."""
    askers: dict[str, Asker] = {}
    ended = threading.Event()

    def read_urls() -> None:
        nonlocal askers
        for line in sys.stdin:
            for asker in askers.values():
                asker.stop()
            askers = {lane: Asker(url) for lane, url in json.loads(line).items()}
        ended.set()

    threading.Thread(target=read_urls, daemon=True).start()
    while not ended.wait(TELL_S):
        told = {lane: asker.take() for lane, asker in askers.items()}
        print(json.dumps(told), flush=True)


class Beats:
    """The process that asks, seen from the lab; `told` gets the times of each lane."""

    def __init__(self) -> None:
        self.told: Callable[[dict[str, Any]], None] = lambda beats: None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lab.live.beats"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the lab; this ends with its input
        )
        threading.Thread(target=self._read, daemon=True).start()

    def ask(self, urls: Mapping[str, str]) -> None:
        """Ask these from now on, and no others."""
        assert self._process.stdin
        with suppress(BrokenPipeError, ValueError):  # ended, or closed: a run may outlast the page
            self._process.stdin.write(json.dumps(dict(urls)) + "\n")
            self._process.stdin.flush()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            beats = json.loads(line)
            if any(beats.values()):
                self.told(beats)
        self._process.stdout.close()


if __name__ == "__main__":
    main()
