"""What differs between two steps of the ladders, made from their files while the site is built.

`<!-- changes: 01/s1 01/s2 -->` on a page becomes the difference of the two programs without their
docstrings, in which each new line is marked.
"""

import ast
import difflib
import re
from pathlib import Path

from lab.approaches import ROOT
from lab.steps.ladder import find_step

CHANGES = re.compile(r"^( *)<!-- changes: (\S+) (\S+) -->$", re.MULTILINE)
_OWNER = re.compile(r"(?:async def|def|class) (\w+)")


def show_changes(markdown: str, root: Path = ROOT) -> str:
    """Put the differences into a page where it asks for them."""

    def show(found: re.Match[str]) -> str:
        lines = make_changes(root, found[2], found[3])
        names = f"{found[2]} → {found[3]}"
        if not any(line.startswith(("+", "-")) for line in lines):
            return f"{found[1]}{names}: no line of code differs."
        block = ['```diff title="' + names + '"', *lines, "```"]
        return "\n".join(found[1] + line if line else line for line in block)

    return CHANGES.sub(show, markdown)


def make_changes(root: Path, old: str, new: str) -> list[str]:
    """Return the unified difference of two steps; a line with `@@` names what changes below it."""
    before, after = (read_code(find_step(name, root).path) for name in (old, new))
    shown = []
    for hunk in difflib.SequenceMatcher(None, before, after).get_grouped_opcodes(n=1):
        shown.append(f"@@ {_find_owner(after, hunk)} @@")
        for kind, a, b, c, d in hunk:
            if kind == "equal":
                shown += [f" {line}" for line in before[a:b]]
            else:
                shown += [f"-{line}" for line in before[a:b]]
                shown += [f"+{line}" for line in after[c:d]]
    return shown


def read_code(path: Path) -> list[str]:
    """Return the lines of a program below its docstring."""
    source = path.read_text(encoding="utf-8")
    first = ast.parse(source).body[0]
    skipped = first.end_lineno or 0 if ast.get_docstring(ast.parse(source)) else 0
    lines = source.splitlines()[skipped:]
    return lines[1:] if lines and not lines[0] else lines


def _find_owner(lines: list[str], hunk: list[tuple[str, int, int, int, int]]) -> str:
    """Name the function or class in which the first change of a hunk stands."""
    start = next(first for kind, _, _, first, _ in hunk if kind != "equal")
    end = hunk[-1][4]
    start = next((n for n in range(start, end) if lines[n]), start)
    if start < len(lines) and lines[start].startswith(("@", "async def", "def", "class")):
        below = (_OWNER.match(line) for line in lines[start:])
        return next(found[1] for found in below if found)
    for line in reversed(lines[:start]):
        if found := _OWNER.match(line):
            return found[1]
        if line and not line.startswith((" ", ")", "]", "}")):
            break
    return "at the top"
