"""`python -m site_making`: writes the generated tables of README and site anew."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from lab.approaches import ROOT
from lab.errors import LabError

from .blocks import write_tables


def tables(
    publish: Annotated[
        Path | None,
        typer.Option(help="Take over the figures of a run: var/compare, var/bench, var/survival."),
    ] = None,
    root: Annotated[Path, typer.Option(help="Folder that holds approaches.toml.")] = ROOT,
) -> None:
    """Write the generated tables of README and site anew."""
    try:
        write_tables(publish, root)
    except LabError as error:
        print(f"tables: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    typer.run(tables)
