"""The requests that the page about the contract shows, sent to a real app.

`python -m site_making.session` writes `docs/contract_session.txt` anew; a test plays it and
compares.
"""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from lab.approaches import ROOT
from lab.processes.stack import Stack
from lab.steps.matching import match_all
from lab.steps.transcript import SAID, Block, Line, parse
from lab.steps.values import Bindings, find_bound

SESSION = ROOT / "docs" / "contract_session.txt"
APPROACH, SHOWN = "04_custom_queue", "http://127.0.0.1:8004"
PATIENCE_S = 20.0
UNENDED = ('"queued"', '"running"', "409 ")
_VARYING = ("date: ", "server: ")  # headers that say nothing here


def play(blocks: list[Block], url: str, *, record: bool = False) -> Iterator[list[str]]:
    """Run each command, again until it prints what the block has; yield what was printed.

    While recording, a question about a task is asked again until the task has ended.
    """
    bindings = Bindings()
    for number, block in enumerate(blocks):
        command = bindings.translate(block.command).replace(SHOWN, url)
        expected = [line.text for line in block.printed if line.label != SAID]
        deadline = time.monotonic() + PATIENCE_S
        while True:
            seen = run(command)
            found = match_all(expected, seen, bindings)
            if found or time.monotonic() > deadline or not asks_again(command):
                break
            if record and not any(word in "".join(seen) for word in UNENDED):
                break
            time.sleep(0.1)
        if record:
            later = [each for other in blocks[number:] for each in find_bound(other.command)]
            found = bindings.guess(later, seen)
        bindings = found or bindings
        yield [bindings.restore(line) for line in seen]


def asks_again(command: str) -> bool:
    """Tell whether a command asks about a task; all others are sent once."""
    return "/tasks/" in command and "-X" not in command


def run(command: str) -> list[str]:
    """Return the lines that a command of the session prints, in a folder that has the samples."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "samples").symlink_to(ROOT / "samples")
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE_S,
        )
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    return [line for line in lines if line and not line.startswith(_VARYING)]


def record() -> None:
    """Write the session anew with what a running app answers."""
    blocks = parse(SESSION.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder, Stack(folder) as stack:
        for block, seen in zip(
            blocks, play(blocks, stack.start(APPROACH).url, record=True), strict=True
        ):
            said = [line for line in block.printed if line.label == SAID]
            block.printed = [*(Line("", text) for text in seen), *said]
    SESSION.write_text("\n".join(map(str, blocks)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
