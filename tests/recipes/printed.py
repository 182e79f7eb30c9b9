"""Runs the commands that a how-to page shows, and compares what they print with the page."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from lab.processes.part import Part
from lab.steps.matching import match_all
from lab.steps.transcript import Block
from lab.steps.values import Bindings
from tests.support.waiting import wait_until

PATIENCE_S = 30
SHOWN = [f"http://127.0.0.1:{port}" for port in range(8001, 8005)]


def play(blocks: list[Block], url: str, logs: Part, folder: Path) -> Iterator[tuple[Block, str]]:
    """Run each command; yield it with what it printed if that is not what the page shows."""
    bindings = Bindings()
    for block in blocks:
        command = bindings.translate(block.command)
        for shown in SHOWN:
            command = command.replace(shown, url)
        wanted = [line.text for line in block.printed if not line.label]
        deadline = time.monotonic() + PATIENCE_S
        while True:
            seen = run(command, folder)
            found = match_all(wanted, seen, bindings)
            # On a slow machine the job takes longer: a reader would ask again.
            if found or not command.startswith("sleep ") or time.monotonic() > deadline:
                break
        if found is None:
            yield block, "\n".join(seen)
            return
        bindings = found
        for line in [each.text for each in block.printed if each.label == "worker"]:
            bindings = wait_for_line(logs, line, bindings)


def run(command: str, folder: Path) -> list[str]:
    """Return the lines that a command prints, without empty ones."""
    ran = subprocess.run(
        ["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    lines = map(str.rstrip, (ran.stdout + ran.stderr).splitlines())
    return [line for line in lines if line]


def wait_for_line(part: Part, wanted: str, bindings: Bindings) -> Bindings:
    """Wait until a server has printed this line."""

    def look() -> list[Bindings]:
        lines = part.log_text().splitlines()
        return [found for line in lines if (found := bindings.match(wanted, line.rstrip()))]

    return wait_until(f"{part.name} prints {wanted!r}", look)[-1]
