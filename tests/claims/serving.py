"""A small app of tests/claims/apps/ as a real server: its log, its gates, its end."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from lab.approaches import ROOT
from lab.processes.commands import Command
from lab.processes.group import Processes
from lab.processes.part import Part
from lab.processes.ports import HOST
from lab.processes.ready import answers_http
from tests.support.waiting import wait_until

MARK = ">> "


@dataclass
class Watched:
    """A process of ours: what it says, and the gates at which its jobs wait."""

    part: Part
    gates: Path

    def open(self, gate: str) -> None:
        """Let those go on who wait at this gate."""
        (self.gates / gate).touch()

    def said(self) -> list[str]:
        """Return what the process has said, in order."""
        lines = self.part.log_text().splitlines()
        return [line.removeprefix(MARK) for line in lines if line.startswith(MARK)]

    def wait_for(self, words: str, times: int = 1) -> None:
        """Wait until the process has said these words so often."""
        wait_until(f"{words!r} was said", self.said, lambda all: all.count(words) >= times)

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


@dataclass
class Server(Watched):
    """A running app; each request of `get` and `post` has a connection of its own."""

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
def meanwhile(call: Callable[[str], object], path: str) -> Iterator[list[object]]:
    """Ask in a thread; after the block the answer or the error stands in the list."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(call(path))
        except httpx.HTTPError as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield outcome
    finally:
        thread.join()
