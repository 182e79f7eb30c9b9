"""Turns measured values into the lines of the table: medians, ratios, targets that are met."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, replace

from .programs import find_program, find_title
from .rows import Row
from .table import Verdict

NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Figure:
    """The values of one program, one for each round, or a sentence that says why there are none."""

    values: tuple[float, ...] = ()
    missing: str = ""

    @property
    def median(self) -> float:
        """Return the middle value."""
        return statistics.median(self.values)

    def describe(self, unit: str) -> str:
        """Return median, unit and spread."""
        if len(self.values) == 1:
            return f"{_number(self.median)} {unit}"
        low, high = _number(min(self.values)), _number(max(self.values))
        return f"{_number(self.median)} {unit} ({low}-{high})"


def judge(row: Row, figures: Mapping[str, Figure]) -> Verdict:
    """Compare the figures of one row with its target."""
    ours, peer = figures[row.ours], figures[row.peer] if row.peer else None
    verdict = Verdict(
        what=row.what,
        measured=_describe(row.ours, figures),
        against=_describe(row.peer, figures) if row.peer else "",
        ratio="",
        target=describe_target(row, "x" if peer else find_program(row.ours).unit),
        met="not measured",
    )
    if ours.missing or (peer and peer.missing):
        return verdict
    reached = ours.median / peer.median if peer else ours.median
    return replace(
        verdict,
        ratio=f"{_number(reached)} x" if peer else "",
        met=say_met(row, reached),
        of_target=reached / row.target if row.target else None,
    )


def describe_target(row: Row, unit: str) -> str:
    """Return the least or the most that is aimed at."""
    if row.target is None:
        return "none"
    return f"{'>=' if row.at_least else '<='} {_number(row.target)} {unit}"


def say_met(row: Row, reached: float) -> str:
    """Tell whether the target is met."""
    if row.target is None:
        return "-"
    return "yes" if (reached >= row.target if row.at_least else reached <= row.target) else "no"


def _describe(name: str, figures: Mapping[str, Figure]) -> str:
    unit, figure = find_program(name).unit, figures[name]
    return f"{find_title(name)}: {figure.missing or figure.describe(unit)}"


def _number(value: float) -> str:
    return f"{value:,.0f}".replace(",", NO_BREAK) if value >= 100 else f"{value:.3g}"
