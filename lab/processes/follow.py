"""Shows what processes log, line by line, while they run."""

import time
from collections.abc import Callable, Iterable, Sequence

from .part import Part

LOOK_S = 0.1
Say = Callable[[str, str], None]  # the name of the process, and the line


class LogTail:
    """The lines that a part has logged and that were not read yet."""

    def __init__(self, part: Part) -> None:
        self._log = part.log.open("rb")
        self._rest = b""

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def lines(self) -> list[str]:
        """Return the complete lines since the last call."""
        *lines, self._rest = (self._rest + self._log.read()).split(b"\n")
        return [line.decode(errors="replace") for line in lines]


class Shown:
    """What several parts log, said line by line."""

    def __init__(self, parts: Iterable[Part], say: Say) -> None:
        self._tails = {part.name: LogTail(part) for part in parts}
        self._say = say

    def say_new(self) -> None:
        """Say what has come since the last call."""
        for name, tail in self._tails.items():
            for line in tail.lines():
                self._say(name, line)


def follow(shown: Shown, every_part: Sequence[Part], revive: Callable[[Part], None]) -> None:
    """Say each new log line, for ever; `revive` each part that has ended.

    So a reader can kill a process by hand and see what becomes of its jobs. A part that the live
    page has started again meanwhile is given to `revive` as well.
    """
    pids = {part.name: part.pid for part in every_part}
    while True:
        shown.say_new()
        for part in every_part:
            if not part.alive or part.pid != pids[part.name]:
                shown.say_new()
                revive(part)
                pids[part.name] = part.pid
        time.sleep(LOOK_S)
