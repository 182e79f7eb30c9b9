"""The first step of a ladder as the README of its folder shows it: program, command, output."""

from pathlib import Path

from lab.steps.ladder import find_step
from lab.steps.transcript import SAID, Block, Line, parse

from .steps import read_code


def make_first_step(root: Path, number: str) -> str:
    """Return program and transcript of `01/s1`, without what the transcript leaves out."""
    step = find_step(f"{number}/s1", root)
    code = "\n".join(read_code(step.path))
    blocks = parse(step.transcript.read_text(encoding="utf-8"))
    printed = "\n".join(line for block in blocks for line in _show(block))
    return (
        f"```python\n{code}\n```\n\n"
        f"`make {step.short}` starts it with all that it needs, and prints the commands for doing "
        f"that by hand:\n\n```console\n{printed}\n```\n"
    )


def make_first_program(root: Path) -> str:
    """Return the first program of all, without its docstring, for the first page."""
    step = find_step("01/s1", root)
    code = "\n".join(read_code(step.path))
    return f'```python title="{step.path.relative_to(root)}"\n{code}\n```\n'


def _show(block: Block) -> list[str]:
    printed: list[Line] = [line for line in block.printed if not line.cut]
    said = [line for line in block.said if line != SAID]
    return [*said, f"$ {block.command}", *map(str, printed)]
