"""The frame of a measuring program: `python -m bench.NAME COUNT FOLDER` prints one JSON line."""

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path

Measured = float | Mapping[str, float]  # one value, or one for each part


def run_program(measure: Callable[..., Measured]) -> None:
    """Measure once with the command line's count, empty folder and options; print the values."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("options", nargs="*")
    arguments = parser.parse_args()
    measured = measure(arguments.count, arguments.folder, *arguments.options)
    values = measured if isinstance(measured, Mapping) else {"": measured}
    print(json.dumps(values), flush=True)
