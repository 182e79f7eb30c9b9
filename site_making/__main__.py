"""`python -m site_making`: writes the generated tables of README and site anew."""

from pathlib import Path
from typing import Annotated

import typer

from lab.approaches import ROOT
from lab.program import run_program

from .blocks import write_tables


def tables(
    publish: Annotated[
        Path | None,
        typer.Option(help="Take over the figures of a run: var/compare, var/bench, var/survival."),
    ] = None,
    root: Annotated[Path, typer.Option(help="Folder that holds approaches.toml.")] = ROOT,
) -> None:
    """Write the generated tables of README and site anew."""
    write_tables(publish, root)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command()(tables)
    run_program("tables", app)
