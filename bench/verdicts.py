"""From measured values to the lines of the table: medians, ratios, and whether a target is met."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .rows import PROGRAMS, Program, Row

NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Figure:
    """The values of one program, one a round; or why there are none, in one sentence."""

    values: tuple[float, ...] = ()
    missing: str = ""

    @property
    def median(self) -> float:
        """Return the middle value."""
        return statistics.median(self.values)

    def describe(self, unit: str) -> str:
        """Return median, unit and spread."""
        low, high = _number(min(self.values)), _number(max(self.values))
        return f"{_number(self.median)} {unit} ({low}-{high})"


@dataclass(frozen=True)
class Verdict:
    """One line of the table, in words, and its ratio to be drawn."""

    what: str
    measured: str
    against: str
    ratio: str
    target: str
    met: str
    of_target: float | None = None  # what was reached, as a part of the target or its multiple


def judge(
    row: Row, figures: Mapping[str, Figure], programs: Mapping[str, Program] = PROGRAMS
) -> Verdict:
    """Compare the figures of one row with its target."""
    ours, peer = figures[row.ours], figures[row.peer] if row.peer else None
    unit = "x" if peer else programs[row.ours].unit
    target = f"{'>=' if row.at_least else '<='} {_number(row.target)} {unit}"
    missing = ours.missing or (peer.missing if peer else "")
    measured = ours.missing or ours.describe(programs[row.ours].unit)
    against = _describe_peer(row, figures, programs)
    if missing:
        return Verdict(row.what, measured, against, "", target, "not measured")
    reached = ours.median / peer.median if peer else ours.median
    met = reached >= row.target if row.at_least else reached <= row.target
    return Verdict(
        what=row.what,
        measured=measured,
        against=against,
        ratio=f"{_number(reached)} x" if peer else "",
        target=target,
        met="yes" if met else "no",
        of_target=reached / row.target,
    )


def judge_all(rows: Sequence[Row], figures: Mapping[str, Figure]) -> list[Verdict]:
    """Compare each row with its target."""
    return [judge(row, figures) for row in rows]


def _describe_peer(row: Row, figures: Mapping[str, Figure], programs: Mapping[str, Program]) -> str:
    if not row.peer:
        return ""
    peer, figure = programs[row.peer], figures[row.peer]
    return f"{peer.title}: {figure.missing or figure.describe(peer.unit)}"


def _number(value: float) -> str:
    return f"{value:,.0f}".replace(",", NO_BREAK) if value >= 100 else f"{value:.3g}"
