"""A small app of tests/claims/apps/ as a real server: its log, its gates, its end."""

import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from lab.approaches import ROOT
from lab.commands import Command
from lab.part import Part
from lab.ports import HOST
from lab.processes import Processes
from lab.ready import answers_http
from tests.waiting import wait_until

MARK = "- "


@dataclass
class Server:
    """A running app; each request of `get` and `post` has a connection of its own."""

    part: Part
    gates: Path
    http: httpx.Client

    def get(self, path: str, timeout_s: float = 20) -> httpx.Response:
        return self.http.get(path, timeout=timeout_s)

    def post(self, path: str, content: bytes = b"") -> httpx.Response:
        return self.http.post(path, content=content)

    def client(self) -> httpx.Client:
        """Return a client with one keep-alive connection."""
        one = httpx.Limits(max_connections=1)
        return httpx.Client(base_url=self.part.url, limits=one, timeout=20)

    def answers(self, path: str, within_s: float) -> bool:
        """Tell whether an answer comes in time."""
        try:
            return self.get(path, within_s).is_success
        except httpx.ReadTimeout:
            return False

    def open(self, gate: str) -> None:
        """Let those go on who wait at this gate."""
        (self.gates / gate).touch()

    def said(self) -> list[str]:
        """Return what the app has said, in order."""
        lines = self.part.log_text().splitlines()
        return [line.removeprefix(MARK) for line in lines if line.startswith(MARK)]

    def wait_for(self, words: str, timeout_s: float = 20) -> list[str]:
        """Wait until the app has said these words; return all that it has said."""
        return wait_until(f"the app said {words!r}", self.said, lambda all: words in all, timeout_s)

    def order(self, *words: str) -> list[str]:
        """Wait until all of these words are said; return them in the order of the log."""
        for each in words:
            self.wait_for(each)
        return [each for each in self.said() if each in words]

    def outlives(self, seconds: float) -> bool:
        """Watch the process for so long; tell whether it still runs."""
        deadline = time.monotonic() + seconds
        while self.part.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.part.alive


@contextmanager
def serve(
    folder: Path, app: str, *args: str, env: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Serve `tests/claims/apps/<app>.py` with uvicorn and these arguments."""
    with Processes(folder, say=lambda text: None, grace_s=0) as processes:
        port = processes.claim(app, 8100)
        words = [sys.executable, "-m", "uvicorn", f"tests.claims.apps.{app}:app"]
        words += ["--host", HOST, "--port", str(port), *args]
        command = Command(words, f"http://{HOST}:{port}", answers_http(port, "/ping"))
        gates = processes.data_dir / "gates"
        gates.mkdir()
        env = {**os.environ, "GATES": str(gates), **(env or {})}
        part = processes.launch(app, command, env=env, cwd=ROOT)
        part.wait_ready()
        each_its_own = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=part.url, limits=each_its_own, timeout=20) as http:
            yield Server(part, gates, http)


@contextmanager
def meanwhile(call: object, *arguments: object) -> Iterator[list[object]]:
    """Make a call in a thread; at the end of the block it has ended, with its outcome in the list."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(call(*arguments))  # type: ignore[operator]  # any call
        except httpx.HTTPError as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield outcome
    finally:
        thread.join()
