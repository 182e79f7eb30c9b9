"""Writes a run of the benchmark as JSON, Markdown and SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from lab.machine import Machine
from lab.results import to_json

from .picture import make_svg
from .programs import find_program
from .table import BENCH, Verdict, make_bench_table
from .verdicts import Figure


def write_files(
    folder: Path,
    verdicts: Sequence[Verdict],
    figures: Mapping[str, Figure],
    machine: Machine,
    rounds: int,
) -> None:
    """Write `bench.json`, `bench.md` and `bench.svg`."""
    programs = {
        name: asdict(find_program(name))
        | asdict(figure)
        | {"median": figure.median if figure.values else None}
        for name, figure in figures.items()
    }
    content = {
        "machine": asdict(machine),
        "rounds": rounds,
        "programs": programs,
        "rows": [asdict(verdict) for verdict in verdicts],
    }
    table = make_bench_table(verdicts, machine, rounds)
    (folder / BENCH).write_text(to_json(content), encoding="utf-8")
    (folder / "bench.md").write_text(table, encoding="utf-8")
    (folder / "bench.svg").write_text(make_svg(verdicts, machine), encoding="utf-8")
