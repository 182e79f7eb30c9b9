"""The frame of a measuring program: `python -m bench.NAME COUNT FOLDER` prints one JSON line."""

import argparse
import asyncio
import inspect
import json
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

Measured = float | Mapping[str, float]  # one value, or one for each part


def run_program(measure: Callable[..., Measured | Coroutine[Any, Any, Measured]]) -> None:
    """Measure once with the command line's count, empty folder and options; print the values."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("options", nargs="*")
    arguments = parser.parse_args()
    measured = measure(arguments.count, arguments.folder, *arguments.options)
    if inspect.iscoroutine(measured):
        measured = asyncio.run(measured)
    values = measured if isinstance(measured, Mapping) else {"": measured}
    print(json.dumps(values), flush=True)
