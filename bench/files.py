"""Writes a run of the benchmark as JSON, Markdown and SVG."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path

from lab.machine import Machine

from .programs import find_program
from .verdicts import Figure, Verdict

HEADINGS = ("what", "measured: median (spread)", "against", "ratio", "target", "met")
ROW_PX, BAR_PX, BAR_X_PX, WIDTH_PX = 34, 150, 560, 860


def cells(verdict: Verdict) -> tuple[str, ...]:
    """Return a line of the table, in the order of `HEADINGS`."""
    words = (verdict.what, verdict.measured, verdict.against)
    return (*words, verdict.ratio, verdict.target, verdict.met)


def write_files(
    folder: Path,
    verdicts: Sequence[Verdict],
    figures: Mapping[str, Figure],
    machine: Machine,
    rounds: int,
) -> None:
    """Write `bench.json`, `bench.md` and `bench.svg`."""
    programs = {
        name: asdict(find_program(name)) | asdict(figure) | _median(figure)
        for name, figure in figures.items()
    }
    content = {
        "machine": asdict(machine),
        "rounds": rounds,
        "programs": programs,
        "rows": [asdict(verdict) for verdict in verdicts],
    }
    _write(folder / "bench.json", json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    _write(folder / "bench.md", make_markdown(verdicts, machine, rounds))
    _write(folder / "bench.svg", make_svg(verdicts, machine))


def make_markdown(verdicts: Sequence[Verdict], machine: Machine, rounds: int) -> str:
    """Return the table and where it was measured."""
    lines = [HEADINGS, ["---"] * len(HEADINGS), *map(cells, verdicts)]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{table}\nMedian of {rounds} interleaved rounds.\n{machine}.\n"


def make_svg(verdicts: Sequence[Verdict], machine: Machine) -> str:
    """Draw how much of each target was reached; the line is the target."""
    height_px = ROW_PX * (len(verdicts) + 2)
    parts = [_text(8, 22, "Measured, as a part of the target (the line)")]
    for number, verdict in enumerate(verdicts, 1):
        y_px = ROW_PX * number
        against = verdict.against.partition(":")[0]
        title = f"{verdict.what}, against {against}" if against else verdict.what
        parts.append(_text(8, y_px + 20, title))
        if verdict.of_target is not None:
            width_px = min(verdict.of_target, 1.9) * BAR_PX
            color = "#2e7d32" if verdict.met == "yes" else "#c62828"
            parts.append(
                f'<rect x="{BAR_X_PX}" y="{y_px + 6}" width="{width_px:.0f}" height="20"'
                f' fill="{color}"/>'
            )
        reached = verdict.ratio or verdict.measured.partition(" (")[0]
        reached = f"{reached}, target {verdict.target}" if verdict.of_target else verdict.met
        parts.append(_text(BAR_X_PX + 4, y_px + 20, reached))
    x_px, bottom_px = BAR_X_PX + BAR_PX, height_px - ROW_PX
    parts.append(f'<path d="M{x_px} {ROW_PX}V{bottom_px}" stroke="black" stroke-dasharray="4"/>')
    parts.append(_text(8, height_px - 10, str(machine), size_px=9))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {height_px}"'
    return f'{head} font-family="sans-serif">\n' + "\n".join(parts) + "\n</svg>\n"


def _text(x_px: int, y_px: int, words: str, size_px: int = 13) -> str:
    return f'<text x="{x_px}" y="{y_px}" font-size="{size_px}">{escape(words)}</text>'


def _median(figure: Figure) -> dict[str, float | None]:
    return {"median": figure.median if figure.values else None}


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
