"""The live page of `make 01` to `make 04`: one lane, on the processes that the terminal shows."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from lab.approaches import Approach
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

# The others need settings that the processes of the terminal were not started with, or a broker
# that stays down, which the terminal starts again at once.
PRESETS = ("work", "kill9_api", "sigterm_api", "kill9_worker", "mail_fails", "play")
START_S = 20.0


class AttachedColumn(RunningColumn):
    """Processes that somebody else has started and will end."""

    def __init__(self, stack: Stack, column: Column) -> None:
        self.stack = stack
        self.column = column
        self.receiver = Receiver("")
        self.receiver.release()
        self.mailbox = stack.parts["mailbox"]
        self.mail = Mailbox(self.mailbox.url)

    @property
    def app(self) -> Part:
        return self.stack.parts[self.column.approach.name]

    @property
    def worker(self) -> Part:
        return self.stack.parts["worker"]

    def prepare(
        self,
        job_env: Mapping[str, str] = NOTHING,
        api_env: Mapping[str, str] = NOTHING,
        uvicorn_args: Sequence[str] = (),
    ) -> None:
        """Leave the processes as they are, and wait until they answer."""
        self.mail.release()
        for part in self.processes:
            part.restart()

    def clear(self, *, app: bool, worker: bool) -> None:
        """Leave the processes as they are."""


class AttachedLane(Lane):
    """A lane whose processes live and end with the terminal."""

    def __init__(self, stack: Stack, column: Column) -> None:
        super().__init__(stack.data_dir, column)
        self._running = AttachedColumn(stack, column)

    def open(self, fault: Fault) -> RunningColumn:
        """Return its processes."""
        assert self._running
        self._running.revive_services()
        self._running.prepare()
        return self._running

    def close(self) -> None:
        """Leave them to whoever has started them."""


def open_page(approach: Approach, stack: Stack, opened: ExitStack) -> str:
    """Serve the page of one approach from a thread of this process, and return its address.

    Returns nothing where the jobs use a mail server that is not the lab's own. `opened` closes it.
    """
    root = stack.root
    if "mailbox" not in stack.parts:
        return ""
    column = choose_column(approach, stack, root)
    lanes = {column.name: AttachedLane(stack, column)}
    live = Live(stack.data_dir, root, only=[column.name], lanes=lanes, presets=PRESETS)
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
