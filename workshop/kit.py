"""What a check works with: it starts the learner's app, workers and Valkey as real processes."""

import itertools
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import psutil

from lab.errors import LabError
from lab.processes import commands, ports
from lab.processes.group import Processes
from lab.processes.part import Part
from lab.processes.ready import logs

from .app_under_check import App, answers
from .explain import explain_end, explain_log
from .journal import Journal
from .verdict import Missed

START_S = 20.0
HAND_PORT = 8100
FIRST_PORT = 18_100
VALKEY_PORT = 18_900
MARK = "WORKSHOP_CHECK"  # in the environment of each process of one check
numbers = itertools.count(1)


@dataclass(frozen=True)
class TestRun:
    """How a learner's test ended, and what pytest printed; neither if it did not end."""

    __test__ = False  # no test of ours

    passed: bool | None
    seconds: float
    text: str


def read_run(path: Path) -> TestRun:
    """Read what `pytest_runs` has written."""
    if not path.exists():
        return TestRun(None, 0, "")
    code, _, text = path.read_text(encoding="utf-8").partition("\n")
    found = re.search(r" in (\d+\.\d+)s", text)
    return TestRun(code == "0", float(found[1]) if found else 0, text)


class Kit:
    """One run of one check; leaving the `with` block ends what it started.

    `file` is the app; `folder` is empty and its own. `by_hand` is for a reader with curl: the
    port is the one that the READMEs name, and the journal goes to the terminal.
    """

    def __init__(
        self,
        file: Path,
        processes: Processes,
        folder: Path,
        *,
        by_hand: bool = False,
        start_s: float = START_S,
    ) -> None:
        self.file = file.resolve()
        self.folder = folder
        self.apps: list[App] = []
        self.redis_url = ""
        self._by_hand = by_hand
        self._start_s = start_s
        self._processes = processes
        self._names: list[str] = []
        self._told: dict[str, Part] = {}  # apps and workers: what the reader wrote
        self._ports: list[ports.Port] = []
        self._number = next(numbers)
        self._mark = uuid4().hex

    def __enter__(self) -> "Kit":
        return self

    def __exit__(self, *exc_info: object) -> None:
        for app in self.apps:
            app.close()
        for name in reversed(self._names):
            self._processes.parts.pop(name).kill9(group=True)
        end_marked(self._mark)
        for port in self._ports:
            port.release()

    def start(
        self, name: str = "app", *, env: Mapping[str, str] | None = None, args: Sequence[str] = ()
    ) -> App:
        """Serve the app with uvicorn, with a journal and a DATA_DIR of this `name`."""
        return self.start_several({name: dict(env or {})}, args=args)[0]

    def start_several(
        self, envs: Mapping[str, Mapping[str, str]], *, args: Sequence[str] = ()
    ) -> list[App]:
        """Serve the app several times at once, by name, each with this environment."""
        apps = [self._launch_app(name, env, args) for name, env in envs.items()]
        for app in apps:
            self.wait_ready(app)
        return apps

    def wait_ready(self, app: App) -> None:
        """Wait until the app answers; raise Missed with the reason if it does not."""
        try:
            app.part.wait_ready(self._start_s)
        except LabError:
            raise Missed("the app to start", self._explain_start(app.part)) from None

    def claim_valkey(self, name: str = "valkey") -> commands.Command:
        """Say where a Redis server of this check alone will be; nothing answers there yet."""
        return commands.valkey(self._claim(VALKEY_PORT), self._make_folder(name))

    def start_valkey(self, claimed: commands.Command | None = None, name: str = "valkey") -> Part:
        """Start a Redis server of this check alone; apps and workers get its REDIS_URL."""
        command = claimed or self.claim_valkey(name)
        valkey = self._launch(name, command, {})
        valkey.wait_ready(self._start_s)
        self.redis_url = command.url
        return valkey

    def start_worker(self, name: str = "worker", *, of: str = "app", concurrency: int = 2) -> Part:
        """Start a Celery worker of the app called `of`; wait until it takes jobs."""
        worker = self.launch_worker(name, of=of, concurrency=concurrency)
        self.wait_worker(worker)
        return worker

    def launch_worker(self, name: str = "worker", *, of: str = "app", concurrency: int = 2) -> Part:
        """Start a Celery worker and return at once."""
        words = [sys.executable, "-m", "celery", "-A", f"{self.file.stem}:celery", "worker"]
        words += ["--hostname", f"{name}@%h", "--concurrency", str(concurrency)]
        words += ["--loglevel", "INFO", "--without-gossip", "--without-mingle"]
        command = commands.Command(words, "", logs(rf"\b{name}@\S+ ready"))
        worker = self._told[name] = self._launch(name, command, self._with_data(of))
        return worker

    def wait_worker(self, worker: Part) -> None:
        """Wait until the worker takes jobs; raise Missed with the reason if it does not."""
        try:
            worker.wait_ready(self._start_s)
        except LabError:
            raise Missed("the Celery worker to start", self._explain_start(worker)) from None

    def run_tests(
        self, variable: str, values: Sequence[str], longest_s: float
    ) -> dict[str, "TestRun"]:
        """Run the file as a test with pytest, once for each value of an environment variable."""
        folder = self._make_folder("tests")
        words = [sys.executable, "-m", "workshop.pytest_runs", str(self.file), str(folder)]
        command = commands.Command([*words, variable, *values], "", lambda part: True)
        part = self._launch("tests", command, {})
        with suppress(LabError):  # those that still run have written nothing
            part.wait_exit(longest_s)
        return {value: read_run(folder / f"{n}.txt") for n, value in enumerate(values)}

    def log_text(self) -> str:
        """Return what apps and workers printed, for a reader who wants more than the sentence."""
        return "".join(f"--- {name} ---\n{part.log_text()}" for name, part in self._told.items())

    def _launch_app(self, name: str, env: Mapping[str, str], args: Sequence[str]) -> App:
        port = self._claim(HAND_PORT if self._by_hand else FIRST_PORT)
        words = [sys.executable, "-m", "uvicorn", f"{self.file.stem}:app", "--host", ports.HOST]
        words += ["--port", str(port), "--no-access-log", *args]
        command = commands.Command(words, f"http://{ports.HOST}:{port}", answers(port))
        data = self._with_data(name)
        part = self._told[name] = self._launch(name, command, data | dict(env))
        app = App(part, self.file, Journal(Path(data["JOURNAL"])))
        self.apps.append(app)
        return app

    def _launch(self, name: str, command: commands.Command, env: Mapping[str, str]) -> Part:
        label = f"{self._number}-{name}"
        self._names.append(label)
        own = {"PYTHONDONTWRITEBYTECODE": "1", "REDIS_URL": self.redis_url, MARK: self._mark}
        told = replace(command, env={**command.env, **own, **env})
        return self._processes.launch(label, told, env=os.environ, cwd=self.file.parent)

    def _claim(self, preferred: int) -> int:
        port = ports.claim(preferred)
        self._ports.append(port)
        return port.number

    def _with_data(self, name: str) -> dict[str, str]:
        data = self._make_folder(name)
        journal = "" if self._by_hand else str(self.folder / f"{name}.jsonl")
        return {"DATA_DIR": str(data), "JOURNAL": journal}

    def _make_folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def _explain_start(self, part: Part) -> str:
        log = part.log_text()
        if part.alive:
            said = explain_log(log, self.file) if "Error" in log else ""
            return f"no answer on its port in {self._start_s:g} s" + (f": {said}" if said else "")
        return explain_end(part.wait_exit(), log, self.file)


def end_marked(mark: str) -> None:
    """Kill what a check has left: a child with a session of its own is in no group of ours."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(MARK) == mark:
                process.kill()
