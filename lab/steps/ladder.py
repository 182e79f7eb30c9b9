"""The steps of the four folders, found by their short names: `01/s1` to `04/s7`."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.approaches import ROOT
from lab.errors import LabError


@dataclass(frozen=True)
class Step:
    """One program of a ladder and the transcript beside it."""

    path: Path

    @property
    def folder(self) -> str:
        """The numbered folder, `01_background_tasks`."""
        return self.path.parts[-3]

    @property
    def root(self) -> Path:
        """The folder that holds the numbered folders."""
        return self.path.parents[2]

    @property
    def short(self) -> str:
        """The name that `make` takes, `01/s1`."""
        return f"{self.folder[:2]}/{self.path.stem.partition('_')[0]}"

    @property
    def question(self) -> str:
        """The first line of its docstring."""
        docstring = ast.get_docstring(ast.parse(self.path.read_text(encoding="utf-8"))) or ""
        return docstring.partition("\n")[0]

    @property
    def transcript(self) -> Path:
        return self.path.with_suffix(".txt")


def find_steps(root: Path = ROOT) -> list[Step]:
    """Return all steps, folder by folder."""
    return [Step(path) for path in sorted(root.glob("0[0-9]_*/steps/s[0-9]_*.py"))]


def find_step(name: str, root: Path = ROOT) -> Step:
    """Return the step called `01/s1`, or by its whole name `01/s1_answer_first`."""
    steps = find_steps(root)
    number, _, stem = name.partition("/")
    for step in steps:
        if number in (step.folder, step.folder[:2]) and stem in (step.path.stem, step.short[3:]):
            return step
    known = ", ".join(_ranges(steps)) or "none"
    raise LabError(f"there is no step {name!r}; the steps are {known}")


def _ranges(steps: list[Step]) -> Iterator[str]:
    for number in sorted({step.short[:2] for step in steps}):
        own = [step.short for step in steps if step.short.startswith(number)]
        yield own[0] if len(own) == 1 else f"{own[0]} to {own[-1]}"
