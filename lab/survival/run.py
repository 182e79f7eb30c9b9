"""Tries every fault on every column, one after another, and prints and writes the outcomes."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from lab.load.watch import Watch
from lab.machine import describe_machine
from lab.processes.folder import make_folder
from lab.survival.faults.fault import Fault
from lab.survival.kills.at_random import Kills, find_kill_columns, kill_at_random

from .cell import Cell, find_difference, find_faults_of
from .columns import Column, find_columns
from .faults import find_faults
from .files import CONDITIONS, RandomKills, Survival, write_files, write_kills
from .matrix import make_matrix
from .try_fault import open_column, try_fault

PIPED_WIDTH = 160  # where no terminal tells its width
HELD = "Every outcome, kept or lost, is as approaches.toml says."


def make_survival(only: list[str], names: list[str], out: Path, root: Path) -> list[str]:
    """Measure, print and write; return a sentence for each outcome that was not promised."""
    columns, faults = find_columns(only, root), find_faults(names)
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    folder = make_folder(out)
    with Watch(console) as watch:
        cells = [
            cell
            for column in columns
            for cell in try_all(column, faults, folder / "processes", watch, root)
        ]
    differences = list(find_differences(cells, columns))
    machine = describe_machine(sys.argv[1:])
    survival = Survival(
        machine=machine, conditions=CONDITIONS, cells=cells, differences=differences
    )
    write_files(folder, survival)
    console.print(Markdown(make_matrix(cells)))
    console.print(f"{machine}.", highlight=False)
    for sentence in differences or [HELD]:
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    console.print(f"Written: {out}/survival.md, survival.json, survival.svg", highlight=False)
    return differences


def try_all(
    column: Column, faults: Sequence[Fault], folder: Path, watch: Watch, root: Path
) -> list[Cell]:
    """Return the cells of one column; its processes begin with an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    cells = []
    watch.begin(column.name, len(faults))
    with open_column(folder, column, root) as running:
        for fault in faults:
            watch.say(fault.name)
            cells.append(try_fault(running, fault))
            watch.advance()
    watch.end()
    return cells


def run_kills(only: list[str], kills: int, out: Path, root: Path) -> list[str]:
    """Kill processes at random under load; return a sentence for each approach that lost a job.

    The files are written after each column, because the next one may take an hour and be stopped.
    """
    console = Console()
    out = make_folder(out)
    folder = out / "processes"
    seen: list[Kills] = []
    with Watch(console) as watch:
        for column in find_kill_columns(only, root):
            shutil.rmtree(folder, ignore_errors=True)
            watch.begin(column.name, kills)
            with open_column(folder, column, root) as running:
                seen.append(kill_at_random(running, kills, watch))
            watch.end()
            watch.note(str(seen[-1]))
            write_kills(out, RandomKills(machine=describe_machine(sys.argv[1:]), approaches=seen))
    return [fault for each in seen for fault in each.find_faults()]


def find_differences(cells: Sequence[Cell], columns: Sequence[Column]) -> Iterator[str]:
    """Yield a sentence for each cell that is not as promised."""
    promises = {column.name: column.survives for column in columns}
    for cell in cells:
        if cell.why_not:
            continue
        promised = promises[cell.column].get(cell.fault, "nothing")
        if difference := find_difference(cell, promised):
            yield difference
        yield from find_faults_of(cell)
