"""The lines of a lane that make the difference, read from the files that run."""

import ast
from pathlib import Path
from typing import Any

from lab.approaches import ROOT
from lab.errors import LabError

LONGEST = 30
# What a preset turns or what decides its outcome: lines that name one of these are marked.
SETTINGS = (
    "drain_s",
    "acks_late",
    "reject_on_worker_lost",
    "prefetch_multiplier",
    "visibility_timeout",
    "max_running",
    "max_retries",
    "add_task",
    "apply_async",
    "create_task",
    "create_tracked_task",
    "tasks.put",
    "self._tasks[",
    "_rows.insert",
    "run_in_thread",
    "to_thread.run_sync",
    "timeout",
)


def read_code(places: str, root: Path = ROOT) -> list[dict[str, Any]]:
    """Return the parts named `path:name`, parted by blanks: `path`, `first` line, `lines`, `marks`.

    A name is that of a function, class or variable, or of a section that the pages include.
    """
    return [_read_part(place, root) for place in places.split()]


def _read_part(place: str, root: Path) -> dict[str, Any]:
    path, _, name = place.partition(":")
    text = (root / path).read_text(encoding="utf-8")
    found = _find_definition(text, name) or _find_section(text, name) or _find_variable(text, name)
    if not found:
        raise LabError(f"{path} has no function, class, variable or section {name!r}")
    first, last = found
    lines = [each for each in text.splitlines()[first - 1 : last] if "--8<--" not in each]
    shown = lines[:LONGEST]
    if len(lines) > LONGEST:
        shown.append("    …")
    marks = [number for number, line in enumerate(shown) if _names_setting(line)]
    return {"path": path, "first": first, "lines": shown, "marks": marks}


def _names_setting(line: str) -> bool:
    code = line.strip().lower()
    return not code.startswith(('"""', "#")) and any(word in code for word in SETTINGS)


def _find_definition(text: str, name: str) -> tuple[int, int] | None:
    for node in ast.walk(ast.parse(text)):
        kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        if isinstance(node, kinds) and node.name == name:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            return first, node.end_lineno or node.lineno
    return None


def _find_variable(text: str, name: str) -> tuple[int, int] | None:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            return node.lineno, node.end_lineno or node.lineno
    return None


def _find_section(text: str, name: str) -> tuple[int, int] | None:
    lines = text.splitlines()
    begins = [n for n, line in enumerate(lines, 1) if line.endswith(f"[start:{name}]")]
    ends = [n for n, line in enumerate(lines, 1) if line.endswith(f"[end:{name}]")]
    return (begins[0] + 1, ends[0] - 1) if begins and ends else None
