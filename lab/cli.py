"""The command `lab`."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from lab.compare.command import compare
from lab.live.command import live
from lab.survival.command import survival

from .approaches import ROOT
from .processes import ports
from .program import run_program

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
SMTP, INBOX = 1025, 8025
TAKEN = f"""
WARNING: port {SMTP} is taken, perhaps by another mail server: this one listens on {{smtp}}.
An app sends its mail to {SMTP} if nobody tells it otherwise. Start it with
    SMTP_URL=smtp://{ports.HOST}:{{smtp}}
"""

app.command()(compare)
app.command()(survival)
app.command()(live)


@app.callback()
def lab() -> None:
    """Run the four approaches and their services on this machine."""


@app.command()
def run(
    approach: Annotated[str, typer.Argument(help="01, 02, 03, 04, or the name of the folder.")],
    data_dir: Annotated[Path | None, typer.Option(help="Default: var/lab/ and the number.")] = None,
) -> None:
    """Run one approach with everything that it needs, until Ctrl-C; restart what is killed."""
    from .run import run_approach  # imported here: the mail server starts faster
    from .screen import Pipe

    run_approach(approach, data_dir, Pipe())


@app.command()
def step(
    name: Annotated[str, typer.Argument(help="01/s1 to 04/s7.")],
    root: Annotated[Path, typer.Option(help="Folder that holds the numbered folders.")] = ROOT,
) -> None:
    """Run one step of a ladder with everything that it needs, until Ctrl-C."""
    from .screen import Pipe
    from .steps.run import run_step  # imported here, as above

    run_step(name, Pipe(), root.resolve())


@app.command()
def transcripts(
    names: Annotated[list[str] | None, typer.Argument(help="01/s1 …; default: all.")] = None,
) -> None:
    """Run the transcripts of the steps, and rewrite those that are no longer right."""
    from .steps.ladder import find_step, find_steps  # imported here, as above
    from .steps.record import renew

    for each in [find_step(name) for name in names] if names else find_steps():
        differences = renew(each)
        print(f"{each.short}  {'written anew' if differences else 'is right'}", flush=True)
        for difference in differences:
            print(difference, flush=True)


@app.command()
def mailbox(
    smtp_port: Annotated[int | None, typer.Option(help=f"Default: {SMTP}, or a free one.")] = None,
    http_port: Annotated[int | None, typer.Option(help=f"Default: {INBOX}, or a free one.")] = None,
) -> None:
    """Run the mail server alone: SMTP on one port, the inbox and its switches on another."""
    from lab.mailbox.server import serve  # imported here, as above

    smtp = smtp_port or ports.claim(SMTP).number
    http = http_port or ports.claim(INBOX).number
    if smtp_port is None and smtp != SMTP:
        print(TAKEN.format(smtp=smtp), file=sys.stderr)
    print(f"SMTP   smtp://{ports.HOST}:{smtp}\nInbox  http://{ports.HOST}:{http}", flush=True)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(smtp, http))


def main() -> None:
    """Run the command line."""
    run_program("lab", app)
