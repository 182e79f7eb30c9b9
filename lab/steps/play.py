"""Runs the commands of a transcript one after the other, while its servers run."""

import difflib
import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lab.errors import LabError

from .matching import match_all, match_start
from .servers import Servers, find_label
from .transcript import CUT, SAID, Block, Line
from .values import Bindings, find_bound, make_shape

COMMAND_S = 90.0
LOOK_S = 0.02
READ_S = 0.05
SETTLE_S = 0.4  # of silence: then a server has printed what it prints at once
LAST_S = 4.0


@dataclass
class Stream:
    """What one server has printed; `used` lines of it have been found in the transcript."""

    seen: list[str] = field(default_factory=list)
    used: int = 0


@dataclass(frozen=True)
class Played:
    """One block as it was run; `difference` is empty if the transcript is right."""

    block: Block
    seen: list[Line]
    difference: str


class Player:
    """Plays the blocks of a transcript; `patience_s` is how long it waits for a line to come.

    At the end of the transcript nothing more may be printed. While `recording`, a block without
    lines takes those that come at once, because a reader types the next command soon, too.
    """

    def __init__(
        self, servers: Servers, *, patience_s: float = 30.0, recording: bool = False
    ) -> None:
        self._servers = servers
        self._patience_s = patience_s
        self._recording = recording
        self._bindings = Bindings()
        self._streams: dict[str, Stream] = {}
        self._arrived: list[tuple[float, Line]] = []
        self._signalled = set[int]()

    def play(self, blocks: list[Block]) -> Iterator[Played]:
        """Run each block, and say what differs."""
        for number, block in enumerate(blocks, start=1):
            self._arrived = []
            self._run(self._bindings.translate(block.command))
            own = [line.text for _, line in self._arrived if not line.label]
            is_last = number == len(blocks)
            difference = ""
            if self._recording and not block.printed:
                self._wait_quiet(LAST_S if is_last else SETTLE_S)
                later = [each for other in blocks[number:] for each in find_bound(other.command)]
                lines = [line.text for _, line in self._arrived]
                self._bindings = self._bindings.guess(later, lines)
                self._take_all()
            elif not self._agrees(block, own, is_last=is_last):
                self._wait_quiet(SETTLE_S)
                difference = show_difference(block, self._lines())
            yield Played(block, self._lines(), difference)

    def _lines(self) -> list[Line]:
        """Return what has come, in order, with the values of the transcript."""
        # A command's line is read a little later than it was printed.
        arrived = sorted(self._arrived, key=lambda each: each[0] - READ_S * (not each[1].label))
        return [Line(line.label, self._bindings.restore(line.text)) for _, line in arrived]

    def _run(self, command: str) -> None:
        if label := find_label(command):
            # A server that was signalled is waited for; any other one gets Ctrl-C first.
            if not self._told_to_end(label) and self._servers.interrupt(label):
                self._look()
                self._take_all()
                self._arrived = []
            self._servers.begin(command)
            return
        self._refuse_strangers(command)
        process = subprocess.Popen(
            ["sh", "-c", self._servers.put_ports(command)],
            env=self._servers.env,
            cwd=self._servers.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        lines = queue.SimpleQueue[str]()
        reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
        reader.start()
        deadline = time.monotonic() + COMMAND_S
        while reader.is_alive() or not lines.empty():
            self._look()
            while not lines.empty():
                self._arrive(Line("", self._servers.hide(lines.get())))
            if time.monotonic() > deadline:
                os.killpg(process.pid, signal.SIGKILL)
                raise LabError(f"{command!r} still runs after {COMMAND_S:g} s")
            time.sleep(LOOK_S)
        process.communicate()

    def _told_to_end(self, label: str) -> bool:
        part = self._servers.parts.get(label)
        return part is not None and bool({part.pid, *part.children()} & self._signalled)

    def _refuse_strangers(self, command: str) -> None:
        """Refuse to signal a process that was not started here."""
        if re.search(r"\b(pkill|killall|pgrep)\b", command):
            raise LabError(f"{command!r} may end processes of others; name the process id")
        pids = [int(each.text) for each in find_bound(command) if each.kind == "pid"]
        if re.search(r"\bkill\b", command) and not pids:
            raise LabError(f"{command!r} must name the process ids that it signals")
        for pid in pids:
            if not self._servers.owns(pid):
                raise LabError(
                    f"{command!r} would signal process {pid}, which is none of this run; "
                    "the transcript must show the id before"
                )
            self._signalled.add(pid)

    def _look(self) -> None:
        for label, text in self._servers.new_lines():
            line = self._servers.hide(text.rstrip())
            if line:
                self._streams.setdefault(label, Stream()).seen.append(line)
                self._arrive(Line(label, line))

    def _arrive(self, line: Line) -> None:
        self._arrived.append((time.monotonic(), line))

    def _take_all(self) -> None:
        """Go on as if all lines of the servers had been expected."""
        for stream in self._streams.values():
            stream.used = len(stream.seen)

    def _agrees(self, block: Block, own: list[str], *, is_last: bool) -> bool:
        """Wait until every expected line has come."""
        deadline = time.monotonic() + self._patience_s
        # What `...` leaves out at the end of a block ends before the next command is typed.
        ends = is_last or any(line.cut for line in block.printed)
        while True:
            self._look()
            if found := self._match(block, own):
                if ends:
                    self._wait_quiet(SETTLE_S)
                    found = self._match(block, own, whole=is_last)
                break
            if time.monotonic() > deadline:
                break
            time.sleep(LOOK_S)
        if found:
            self._bindings, self._streams = found
        return found is not None

    def _match(
        self, block: Block, own: list[str], *, whole: bool = False
    ) -> tuple[Bindings, dict[str, Stream]] | None:
        """Match the command's own lines as a whole, and the next lines of each server."""
        bound = match_all(expected_lines(block, ""), own, self._bindings)
        after = {}
        for label, stream in self._streams.items():
            expected = expected_lines(block, label)
            if bound is None:
                return None
            rest = stream.seen[stream.used :]
            found = match_start(expected, rest, bound)
            if found is None or (whole and match_all(expected, rest, bound) is None):
                return None
            used, bound = found
            cut = expected[-1:] == [CUT]
            after[label] = Stream(stream.seen, len(stream.seen) if cut else stream.used + used)
        missing = {line.label for line in block.printed} - after.keys() - {"", SAID}
        return None if bound is None or missing else (bound, after)

    def _wait_quiet(self, quiet_s: float) -> None:
        """Wait until nothing has been printed for a while."""
        count, since = -1, time.monotonic()
        while time.monotonic() - since < quiet_s:
            self._look()
            if count != len(self._arrived):
                count, since = len(self._arrived), time.monotonic()
            time.sleep(LOOK_S)


def expected_lines(block: Block, label: str) -> list[str]:
    """Return what this server, or the command itself, prints; a plain `...` cuts in all."""
    return [each.text for each in block.printed if each.label == label or _cuts_all(each)]


def _cuts_all(line: Line) -> bool:
    return line.cut and not line.label


def _read(process: subprocess.Popen[str], lines: "queue.SimpleQueue[str]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip():
            lines.put(line.rstrip())


def show_difference(block: Block, seen: Iterable[Line], width: int = 78) -> str:
    """Return what was expected and what was seen, side by side."""
    left = [str(line) for line in block.printed if line.label != SAID]
    right = [str(line) for line in seen]
    rows = [f"$ {block.command}", f"  {'expected':<{width}} | seen"]
    matcher = difflib.SequenceMatcher(
        None, [*map(make_shape, left)], [*map(make_shape, right)], autojunk=False
    )
    for kind, a, b, c, d in matcher.get_opcodes():
        mark = " " if kind == "equal" else "!"
        for place in range(max(b - a, d - c)):
            old = left[a + place] if a + place < b else ""
            new = right[c + place] if c + place < d else ""
            rows.append(f"{mark} {old:<{width}} | {new}")
    return "\n".join(rows)
