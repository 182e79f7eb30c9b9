"""The live page of `make 01` to `make 04`: one lane, on the processes that the terminal shows."""

import asyncio
import itertools
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from lab.approaches import Approach
from lab.errors import LabError
from lab.mailbox.client import Mailbox
from lab.processes.part import Part
from lab.processes.stack import Stack
from lab.survival.columns import Column
from lab.survival.faults.fault import Fault
from lab.survival.receiver import Receiver
from lab.survival.running_column import NOTHING, RunningColumn

from .command import PORT, serve
from .controller import Live
from .lane import Lane
from .presets.preset import load_all_columns

# The other presets need a second lane to compare with, or a broker that stays down. The terminal
# would start it again at once.
PRESETS = (
    "work",
    "kill9_api",
    "sigterm_api",
    "kill9_worker",
    "two_apis",
    "overload",
    "mail_fails",
    "twice",
    "threads",
    "play",
)
AT_THE_WEBHOOK = ("twice", "threads")  # pictures wait for the lab's own receiver
START_S = 20.0


class AttachedColumn(RunningColumn):
    """A column whose processes the terminal has started and will end."""

    def __init__(self, stack: Stack, column: Column, app: Part, receiver: Receiver) -> None:
        self.stack = stack
        self.column = column
        self.receiver = receiver
        self.mailbox = stack.parts["mailbox"]
        self.mail = Mailbox(self.mailbox.url)
        self._attached, self._own_env = app, app.env
        self._second_apps: list[Part] = []
        self._numbers = itertools.count(2)

    @property
    def app(self) -> Part:
        return self._attached

    @property
    def worker(self) -> Part:
        return self.stack.parts["worker"]

    @property
    def broker(self) -> Part:
        if not self.brokers:
            raise LabError("the broker is your own (REDIS_URL): the page leaves it alone")
        return super().broker

    def prepare(
        self,
        job_env: Mapping[str, str] = NOTHING,
        api_env: Mapping[str, str] = NOTHING,
        uvicorn_args: Sequence[str] = (),
    ) -> None:
        """Wait until all of them answer, the app with the limits of `api_env`.

        The other settings stay those of the terminal.
        """
        self.mail.release()
        self.receiver.release()
        self._run_app_with(api_env)
        for part in self.processes:
            part.restart()

    def clear(self, *, app: bool, worker: bool) -> None:
        """Leave the processes as they are, but for what a trial has changed."""
        self._run_app_with(NOTHING)
        while self._second_apps:
            del self.stack.parts[self._second_apps.pop().name]

    def start_second_app(self) -> Part:
        second = self.stack.start(
            self.column.approach.folder,
            label=f"{self.column.approach.name}-{next(self._numbers)}",
            env={"DATA_DIR": self.app.env["DATA_DIR"]},
            without=self.column.approach.services,
        )
        self._second_apps.append(second)
        return second

    def _run_app_with(self, limits: Mapping[str, str]) -> None:
        env = {**self._own_env, **limits}
        if self.app.env != env:
            self.app.env = env
            self.app.term()
            self.app.wait_exit()
            self.app.restart()


class AttachedLane(Lane):
    """A lane whose processes live and end with the terminal."""

    def __init__(self, stack: Stack, column: Column, app: Part, receiver: Receiver) -> None:
        super().__init__(stack.data_dir, column)
        self._running = AttachedColumn(stack, column, app, receiver)

    def open(self, fault: Fault) -> RunningColumn:
        """Return its processes."""
        assert self._running
        self._running.revive_services()
        self._running.prepare(api_env=fault.api_env)
        self._running.receiver.delay_s = 0.0
        return self._running

    def close(self) -> None:
        """Leave the processes to the terminal."""


def open_page(approach: Approach, stack: Stack, opened: ExitStack, receiver: Receiver) -> str:
    """Serve the page of one approach from a thread of this process, and return its address.

    Returns nothing where the jobs use a mail server that is not the lab's own. `opened` closes it.
    """
    root = stack.root
    if "mailbox" not in stack.parts:
        return ""
    column, app = choose_column(approach, stack, root), stack.parts[approach.name]
    lanes = {column.name: AttachedLane(stack, column, app, receiver)}
    has_receiver = app.env["WEBHOOK_URL"] == receiver.url
    presets = [each for each in PRESETS if has_receiver or each not in AT_THE_WEBHOOK]
    live = Live(stack.data_dir, root, only=[column.name], lanes=lanes, presets=presets)
    opened.callback(live.close)
    told, address = threading.Event(), ""

    def tell(url: str) -> None:
        nonlocal address
        address = url
        told.set()

    def run() -> None:
        asyncio.run(serve(live, PORT, tell))

    threading.Thread(target=run, name="live page", daemon=True).start()
    told.wait(START_S)
    return address


def choose_column(approach: Approach, stack: Stack, root: Path) -> Column:
    """Return what the running app promises: 04 with a file is another column."""
    columns = load_all_columns(root)
    with_file = f"{approach.name}+sqlite"
    has_file = bool(stack.parts[approach.name].env.get("QUEUE_DB"))
    return columns[with_file if has_file and with_file in columns else approach.name]
