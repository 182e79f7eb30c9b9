"""The presets of the live page, and what must come out of each."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lab.approaches import ROOT, load_approaches
from lab.errors import LabError
from lab.survival.columns import Column, load_columns
from lab.survival.faults import FAULTS
from lab.survival.faults.fault import Fault
from lab.survival.trial import JOBS

from .acts import ACTS
from .extra_lanes import load_extra_columns

Kind = Literal["email", "report", "image"]
PRESETS = Path(__file__).with_name("presets.toml")


class Preset(BaseModel):
    """One entry of `presets.toml`."""

    model_config = ConfigDict(extra="forbid")

    number: int
    name: str
    title: str
    text: str
    ask: str
    fault: str
    lanes: tuple[str, ...] = Field(default_factory=lambda: tuple(load_approaches()))
    page: str
    promise: str = ""
    variants: dict[str, str] = Field(default_factory=dict)
    kinds: tuple[Kind, ...] = ()
    jobs: int = JOBS
    fixed: bool = False
    button: str = "Go on"
    command: str = ""
    frozen: tuple[str, ...] = ()  # lanes whose /healthz is expected to be late
    promises: dict[str, str] = Field(default_factory=dict)
    reasons: dict[str, str] = Field(default_factory=dict)
    code: dict[str, str] = Field(default_factory=dict)

    def find_fault(self, variant: str = "") -> Fault:
        """Return what is done to each lane."""
        name = variant or self.fault
        return ACTS.get(name) or FAULTS[name]

    def find_promise(self, column: Column, variant: str, jobs: int) -> str:
        """Return what approaches.toml promises for this number of jobs, or nothing."""
        if self.fault == "play":
            return ""
        row = variant or self.promise or self.fault
        promise = self.promises.get(column.name) or column.survives.get(row, "")
        return promise if self.fixed else scale(promise, jobs)


def scale(promise: str, jobs: int) -> str:
    """Return a promise about eight jobs for another number: `lost 8` for 4 is `lost 4`.

    A number that is not all of them depends on how many run at once: only its word is kept.
    """
    if jobs == JOBS:
        return promise
    return re.sub(r" (\d+)", lambda found: f" {jobs}" if found[1] == str(JOBS) else "", promise)


@cache
def load_presets() -> dict[str, Preset]:
    """Return the presets by name, in their order."""
    tables = tomllib.loads(PRESETS.read_text(encoding="utf-8"))["preset"]
    numbered = enumerate(tables, start=1)
    return {table["name"]: Preset(number=number, **table) for number, table in numbered}


def find_preset(name: str) -> Preset:
    """Return a preset by its name or number; raise LabError for an unknown one."""
    for preset in load_presets().values():
        if name in (preset.name, str(preset.number)):
            return preset
    known = ", ".join(f"{each.number} {each.name}" for each in load_presets().values())
    raise LabError(f"unknown preset {name!r}: it is one of {known}")


def load_all_columns(root: Path = ROOT) -> dict[str, Column]:
    """Return the columns of the matrix, and those that only the live page has."""
    return load_columns(root) | load_extra_columns(root)
