"""Writes a run as JSON, Markdown and SVG."""

from pathlib import Path

from pydantic import BaseModel

from lab.machine import Machine
from lab.results import to_json
from lab.survival.kills.at_random import Kills, make_kills_table

from .cell import Cell
from .matrix import make_figures, make_legend, make_matrix, make_svg
from .running_column import DRAIN_S, REDELIVERY_S, VISIBILITY_S

JSON, KILLS_JSON = "survival.json", "kills.json"
CONDITIONS = (
    f"8 e-mails, pictures or reports a trial, DRAIN_S {DRAIN_S} s; 03: two worker processes,"
    f" visibility timeout {REDELIVERY_S} s where jobs have to come back and {VISIBILITY_S} s"
    " elsewhere, instead of 360 s; 04: four workers"
)


class Survival(BaseModel):
    """The content of `survival.json`."""

    machine: Machine
    conditions: str
    cells: list[Cell]
    differences: list[str]


class RandomKills(BaseModel):
    """The content of `kills.json`."""

    machine: Machine
    approaches: list[Kills]


def write_kills(folder: Path, kills: RandomKills) -> None:
    """Write `kills.json` and `kills.md`."""
    _write(folder / KILLS_JSON, to_json(kills.model_dump()))
    _write(folder / "kills.md", make_kills_page(kills))


def make_kills_page(kills: RandomKills) -> str:
    """Return the counts as Markdown, and how they were made."""
    return f"{make_kills_table(kills.approaches)}\n{kills.machine}.\n"


def write_files(folder: Path, survival: Survival) -> None:
    """Write `survival.json`, `survival.md` and `survival.svg`."""
    # Without what did not happen or was not looked at.
    _write(folder / JSON, to_json(survival.model_dump(exclude_defaults=True)))
    _write(folder / "survival.md", make_page(survival))
    _write(folder / "survival.svg", make_svg(survival.cells, survival.machine))


def make_page(survival: Survival) -> str:
    """Return the matrix and every figure as Markdown."""
    return f"{make_summary(survival)}\n{make_figures(survival.cells)}"


def make_summary(survival: Survival) -> str:
    """Return the matrix, what its words mean, and how it was measured."""
    matrix = make_matrix(survival.cells)
    return f"{matrix}\n{make_legend()}\n{survival.conditions}.\n{survival.machine}.\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
