"""The main job of the repository: the same work on each approach, and one table of figures."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from lab.approaches import Approach, find_approach, load_approaches
from lab.load.plan import Plan
from lab.load.watch import Watch
from lab.load.workload import Workload
from lab.machine import Machine, describe_machine
from lab.processes.folder import make_folder
from lab.processes.stack import Stack

from .figures import Figures
from .figures_table import explain_table, make_terminal_table
from .files import write_files
from .measure import measure_all
from .promises import HELD, find_broken_promises

SHOWN_FAULTS = 5
PIPED_WIDTH = 100  # where no terminal tells its width


def make_comparison(plan: Plan, only: Sequence[str], out: Path, root: Path) -> list[str]:
    """Measure, print and write; return a sentence for each broken promise."""
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    approaches = _select(only, root)
    folder = make_folder(out)
    machine = describe_machine(sys.argv[1:])
    console.print(f"Making {plan}", highlight=False)
    workload = Workload(plan)
    with Watch(console) as watch, Stack(folder / "processes", say=watch.note, root=root) as stack:
        rows = measure_all(stack, approaches, workload, watch)
    broken = [
        sentence
        for row, approach in zip(rows, approaches, strict=True)
        for sentence in find_broken_promises(row, approach.promises)
    ]
    write_files(folder, rows, machine, plan, broken)
    _print_outcome(console, rows, machine, broken)
    console.print(f"Written: {out / 'index.html'}, compare.json, compare.md", highlight=False)
    return broken


def _select(only: Sequence[str], root: Path) -> list[Approach]:
    return (
        [find_approach(name, root) for name in only]
        if only
        else list(load_approaches(root).values())
    )


def _print_outcome(
    console: Console, rows: Sequence[Figures], machine: Machine, broken: Sequence[str]
) -> None:
    console.print()
    console.print(make_terminal_table(rows))
    whole = not console.is_terminal  # lines in a file stay whole; a terminal breaks between words
    console.print(explain_table(rows), highlight=False, markup=False, soft_wrap=whole)
    console.print(str(machine), highlight=False)
    for sentence in broken or [HELD]:
        console.print(sentence, highlight=False, markup=False, soft_wrap=whole)
    for row in rows:
        for fault in row.faults[:SHOWN_FAULTS]:
            console.print(f"  {row.approach}: {fault}", highlight=False, markup=False)
