"""Shows what the parts log, line by line, while they run."""

import time
from collections.abc import Callable, Iterable

from .part import Part

LOOK_S = 0.1


class LogTail:
    """The lines that a part has logged and that nobody has read yet."""

    def __init__(self, part: Part) -> None:
        self._log = part.log.open("rb")
        self._rest = b""

    def close(self) -> None:
        """Read no more of it."""
        self._log.close()

    def lines(self) -> list[str]:
        """Return the complete lines since the last call."""
        *lines, self._rest = (self._rest + self._log.read()).split(b"\n")
        return [line.decode(errors="replace") for line in lines]


def follow(parts: Iterable[Part], others: Iterable[Part], say: Callable[[str, str], None]) -> None:
    """Say each new log line of `parts`, for ever; start a part again when it ends.

    That lets a reader kill a process by hand and see what becomes of its jobs.
    """
    tails = {part.name: LogTail(part) for part in parts}
    every_part = [*parts, *others]
    while True:
        for name, tail in tails.items():
            for line in tail.lines():
                say(name, line)
        for part in every_part:
            if not part.alive:
                say("lab", f"{part.name} (process {part.pid}) has ended; starting it again")
                part.restart()
        time.sleep(LOOK_S)
