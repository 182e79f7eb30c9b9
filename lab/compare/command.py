"""The command `lab compare`."""

from pathlib import Path
from typing import Annotated

import typer

from lab.approaches import ROOT
from lab.load.plan import Plan
from lab.processes.signals import told_when_stopped

PLAN = Plan()
STOPPED = "Stopped before the end: no process is left, and no table was written."
Number = Annotated[int, typer.Option(min=1)]


def compare(
    emails: Number = PLAN.emails,
    reports: Number = PLAN.reports,
    pictures: Number = PLAN.pictures,
    orders: Annotated[int, typer.Option(min=1, help="Rows of each report.")] = PLAN.orders,
    kill_emails: Annotated[
        int, typer.Option(min=1, help="E-mails in flight when the API is killed.")
    ] = PLAN.kill_emails,
    only: Annotated[list[str] | None, typer.Option(help="One approach; may be repeated.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("var/compare"),
    root: Annotated[Path, typer.Option(help="Folder that holds approaches.toml.")] = ROOT,
) -> None:
    """Run the same jobs on each approach, kill and restart it, and print what came out.

    Ends with 0 if every promise of approaches.toml held, and with 1 if not.
    """
    from .comparison import make_comparison  # imported here: other commands start faster

    plan = Plan(emails, reports, pictures, orders, kill_emails)
    with told_when_stopped(STOPPED):
        broken = make_comparison(plan, only or [], out, root)
    raise typer.Exit(1 if broken else 0)
