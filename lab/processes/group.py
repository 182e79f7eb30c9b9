"""Processes that share a data folder and end together."""

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from lab.errors import LabError

from .commands import Command
from .folder import lock_folder, make_folder, make_private_folder
from .leftovers import MARK, Leftovers, end_leftovers
from .part import Part
from .ports import Port, claim

LIST = "processes.json"
Meanwhile = Callable[[list[Part], float], None]


class Processes:
    """Real processes; leaving the `with` block ends all of them and their children.

    If this program is killed, a guard ends them; if the guard is killed as well, the next start
    with the same folder does. What still runs `grace_s` seconds after SIGTERM is killed.
    """

    def __init__(self, data_dir: Path | str, *, say: Callable[[str], None], grace_s: float) -> None:
        self.data_dir = Path(data_dir)
        self.parts: dict[str, Part] = {}
        self.grace_s = grace_s
        self._say = say
        self._leftovers: Leftovers | None = None
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        self.data_dir = make_folder(self.data_dir)
        with ExitStack() as opened:
            opened.enter_context(lock_folder(self.data_dir))
            end_leftovers(self.data_dir / LIST)
            make_private_folder(self.data_dir / "logs")
            # Not below `data_dir`, because the sockets that Python puts there need short names.
            self._temporary = Path(tempfile.mkdtemp(prefix="lab-"))
            self._leftovers = Leftovers(self.data_dir / LIST, self._temporary)
            opened.callback(self._leftovers.close)
            self._exit = opened.pop_all()
        return self

    def __exit__(self, *exc_info: object) -> None:
        with self._exit:
            self.stop(*self.parts)
        self._leftovers = None

    def stop(self, *names: str, meanwhile: Meanwhile = lambda parts, left_s: None) -> None:
        """Send SIGTERM to these parts, wait for them together, and kill what does not end.

        `meanwhile` is told again and again which parts still run, and the seconds until they are
        killed. An exception, as Ctrl-C raises one, ends the wait.
        """
        parts = [self.parts[name] for name in names]
        deadline = time.monotonic() + self.grace_s
        try:
            for part in parts:
                part.term()
            while alive := [part for part in parts if part.alive]:
                if (left_s := deadline - time.monotonic()) < 0:
                    break
                meanwhile(alive, left_s)
                time.sleep(0.02)
        finally:
            for part in parts:
                part.kill9(group=True)

    def claim(self, what: str, preferred: int, *, next_from: int | None = None) -> int:
        """Claim a port until the end of the block; say so if it is not the preferred one."""
        port: Port = claim(preferred, next_from=next_from)
        self._exit.callback(port.release)
        if port.number != preferred:
            self._say(f"{what}: port {preferred} is taken, using {port.number}")
        return port.number

    def launch(self, name: str, command: Command, *, env: Mapping[str, str], cwd: Path) -> Part:
        """Start a process under a name and return at once."""
        if self._leftovers is None:
            raise LabError("nothing can be started outside of the `with` block")
        self.parts[name] = part = Part(
            name=name,
            url=command.url,
            command=command.words,
            env={
                **env,
                "TMPDIR": str(self._temporary),
                **command.env,
                MARK: self._leftovers.mark,
                "PYTHONUNBUFFERED": "1",
            },
            cwd=cwd,
            log=self.data_dir / "logs" / f"{name}.log",
            ready=command.ready,
            launched=self._leftovers.add,
        )
        part.launch()
        return part


def wait_ready(parts: Iterable[Part]) -> None:
    """Wait until each part answers."""
    for part in parts:
        part.wait_ready()
