"""Runs one test file with pytest for each of several environments, side by side.

`python -m workshop.pytest_runs FILE FOLDER VARIABLE VALUE…`: what is slow to import is imported
once, before the process is copied for each value. FOLDER gets a file for each, by its number: the
exit code in the first line, then what pytest printed.
"""

import os
import sys
from pathlib import Path

import fastapi.testclient  # noqa: F401  # for the copies
import pytest

OPTIONS = ["-q", "--tb=short", "-p", "no:cacheprovider", "-c", os.devnull]


def run(file: Path, output: Path) -> None:
    """Run the test and leave the process."""
    log = output.with_suffix(".log")
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    code = int(pytest.main([*OPTIONS, "--rootdir", str(file.parent), str(file)]))
    sys.stdout.flush()
    output.write_text(f"{code}\n{log.read_text(errors='replace')}")
    os._exit(0)  # whatever threads the test has left


def main() -> None:
    file, folder, variable, *values = sys.argv[1:]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # a learner's test needs none
    children = []
    for number, value in enumerate(values):
        child = os.fork()
        if not child:
            os.environ[variable] = value
            run(Path(file), Path(folder) / f"{number}.txt")
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
