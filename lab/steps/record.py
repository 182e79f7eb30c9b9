"""Plays the transcripts of the steps, and rewrites those that are no longer right."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .ladder import Step
from .play import Played, Player
from .servers import Servers, find_label
from .transcript import CUT, Block, Line, parse, write

# Far from the ports that a reader uses, and another one for each run.
FIRST_PORT = 20_000 + os.getpid() % 1_200 * 10


@contextmanager
def stage(step: Step, folder: Path) -> Iterator[Servers]:
    """Yield servers that run in a new folder, which looks like the root of the repository."""
    cwd = folder / "root"
    cwd.mkdir()
    for each in step.root.glob("0[0-9]_*"):
        (cwd / each.name).symlink_to(each)
    servers = Servers(
        step, folder / "data", port=FIRST_PORT, cwd=cwd, say=lambda line: None, grace_s=1.0
    )
    with servers:
        servers.open()
        yield servers


def play(step: Step, folder: Path, *, patience_s: float = 45.0) -> Iterator[Played]:
    """Run the transcript of a step; yields each block as soon as it was run."""
    blocks = parse(step.transcript.read_text(encoding="utf-8"))
    with stage(step, folder) as servers:
        yield from Player(servers, patience_s=patience_s).play(blocks)


def renew(step: Step) -> list[str]:
    """Rewrite the transcript of a step where it is no longer right; return what differed.

    A command without a line below it is a new one, and gets the lines that come.
    """
    blocks, differences = parse(step.transcript.read_text(encoding="utf-8")), list[str]()
    while (seen := _record(step, blocks, differences)) is None:
        pass  # what differed is a new block now
    shown = [
        block if block.printed else Block(block.said, block.command, shorten(block, lines))
        for block, lines in zip(blocks, seen, strict=True)
    ]
    text = write(shown)
    if text != write(parse(step.transcript.read_text(encoding="utf-8"))):
        step.transcript.write_text(text, encoding="utf-8")
        differences = differences or ["new"]
    return differences


def _record(step: Step, blocks: list[Block], differences: list[str]) -> list[list[Line]] | None:
    """Play the blocks; at the first that differs empty it and return None."""
    with (
        tempfile.TemporaryDirectory(prefix="transcript-", ignore_cleanup_errors=True) as folder,
        stage(step, Path(folder)) as servers,
    ):
        seen = []
        for played in Player(servers, patience_s=12.0, recording=True).play(blocks):
            if played.difference:
                differences.append(played.difference)
                played.block.printed.clear()
                return None
            seen.append(played.seen)
    return seen


def shorten(block: Block, lines: list[Line]) -> list[Line]:
    """Leave out of a server's start all but what later commands need."""
    label = find_label(block.command)
    if not label:
        return lines
    wanted = r"Started server process|Application startup complete|\bready\."
    kept = [line for line in lines if re.search(wanted, line.text)]
    cut = Line("", CUT)
    return [cut, *(each for line in kept for each in (line, cut))]
