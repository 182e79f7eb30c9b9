"""Command lines that answer a mistake of the reader with one sentence."""

import re
import sys

import typer
from typer.exceptions import TyperException

from .errors import LabError
from .processes.signals import INTERRUPTED

TOO_MANY = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)")


def run_program(name: str, app: typer.Typer) -> None:
    """Run the command line and exit; a mistake of the reader is one sentence and code 2."""
    try:
        code = app(standalone_mode=False)
    except typer.Abort:
        sys.exit(INTERRUPTED)
    except LabError as error:
        print(f"{name}: {error}", file=sys.stderr)
    except TyperException as error:
        if said := describe(error.format_message()):  # empty where the help was printed instead
            pause = "" if said.endswith("?") else ";"
            print(f"{name}: {said}{pause} --help shows what it takes", file=sys.stderr)
    else:
        sys.exit(code if isinstance(code, int) else 0)
    sys.exit(2)


def describe(message: str) -> str:
    """Turn what Typer says into the middle of a sentence."""
    if extra := TOO_MANY.fullmatch(message):
        return f"{extra[1]!r} is too much"
    line = " ".join(message.split()).rstrip(".")
    return line[:1].lower() + line[1:]
