"""Plays the transcripts of the steps and writes those anew that are no longer right."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .ladder import Step
from .play import Played, Player
from .servers import Servers
from .transcript import Block, parse, write

FIRST_PORT = 21_000  # far from those that a reader uses


@contextmanager
def stage(step: Step, folder: Path) -> Iterator[Servers]:
    """Yield servers that run in a folder of their own, which looks like the repository's root."""
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


def play(
    step: Step, folder: Path, *, patience_s: float = 30.0, quiet_s: float = 0.5
) -> Iterator[Played]:
    """Run the transcript of a step; yields each block as soon as it was run."""
    blocks = parse(step.transcript.read_text(encoding="utf-8"))
    with stage(step, folder) as servers:
        yield from Player(servers, patience_s=patience_s, quiet_s=quiet_s).play(blocks)


def renew(step: Step) -> list[str]:
    """Write the transcript of a step anew where it is no longer right; returns what differed.

    What a block leaves out is no longer left out after it was written anew.
    """
    folder = Path(tempfile.mkdtemp(prefix="transcript-"))
    blocks, differences = list[Block](), list[str]()
    try:
        for played in play(step, folder, patience_s=10.0, quiet_s=3.0):
            if played.difference:
                differences.append(played.difference)
                blocks.append(Block(played.block.said, played.block.command, played.seen))
            else:
                blocks.append(played.block)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if differences:
        step.transcript.write_text(write(blocks), encoding="utf-8")
    return differences
