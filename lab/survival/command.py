"""The command `lab survival`."""

from pathlib import Path
from typing import Annotated

import typer

from lab.approaches import ROOT
from lab.processes.signals import told_when_stopped

STOPPED = "Stopped before the end: no process is left, and what was not done is not written."


def survival(
    only: Annotated[list[str] | None, typer.Option(help="One approach; may be repeated.")] = None,
    fault: Annotated[list[str] | None, typer.Option(help="One fault; may be repeated.")] = None,
    long: Annotated[bool, typer.Option(help="Random kills of 03 and 04 under load.")] = False,
    kills: Annotated[int, typer.Option(min=1, help="How many kills with --long.")] = 200,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("var/survival"),
    root: Annotated[Path, typer.Option(help="Folder that holds approaches.toml.")] = ROOT,
) -> None:
    """Break each approach on purpose, count what survived, and print the matrix.

    Ends with 0 if all was as approaches.toml says, and with 1 if not.
    """
    from .run import make_survival, run_kills  # imported here: other commands start faster

    with told_when_stopped(STOPPED):
        if long:
            differences = run_kills(only or [], kills, out, root)
        else:
            differences = make_survival(only or [], fault or [], out, root)
    raise typer.Exit(1 if differences else 0)
