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
    (folder / KILLS_JSON).write_text(to_json(kills.model_dump()), encoding="utf-8")
    (folder / "kills.md").write_text(make_kills_page(kills), encoding="utf-8")


def make_kills_page(kills: RandomKills) -> str:
    """Return the counts as Markdown, and how they were made."""
    return f"{make_kills_table(kills.approaches)}\n{kills.machine}.\n"


def write_files(folder: Path, survival: Survival) -> None:
    """Write `survival.json`, `survival.md` and `survival.svg`."""
    happened = survival.model_dump(exclude_defaults=True)
    picture = make_svg(survival.cells, survival.machine)
    (folder / JSON).write_text(to_json(happened), encoding="utf-8")
    (folder / "survival.md").write_text(make_page(survival), encoding="utf-8")
    (folder / "survival.svg").write_text(picture, encoding="utf-8")


def make_page(survival: Survival) -> str:
    """Return the matrix and every figure as Markdown."""
    return f"{make_summary(survival)}\n{make_figures(survival.cells)}"


def make_summary(survival: Survival) -> str:
    """Return the matrix, what its words mean, and how it was measured."""
    matrix = make_matrix(survival.cells)
    return f"{matrix}\n{make_legend()}\n{survival.conditions}.\n{survival.machine}.\n"
