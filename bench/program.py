"""The frame of a measuring program: `python -m bench.NAME COUNT FOLDER` prints one JSON line."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path


def run_program(measure: Callable[[int, Path], float]) -> None:
    """Measure once with the command line's count and empty folder, and print the value."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    value = measure(arguments.count, arguments.folder)
    print(json.dumps({"value": value}), flush=True)
