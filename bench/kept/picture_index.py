"""Milliseconds of the processor to index one more picture among COUNT others.

Time of the processor, as waiting for the disk is the same for all and differs from run to run.
"""

import os
import time
from pathlib import Path

from bench.program import run_program

from .sizes import at_each_size

TIMED = 300
FACTS = {"format": "JPEG", "operations": ["blur"], "width": 640, "height": 480}


def measure(count: int, folder: Path) -> dict[str, float]:
    """Return a mean for each size of the index; it is filled with the pictures of a test."""
    os.environ["DATA_DIR"] = str(folder)
    from scenarios.contract import new_task_id
    from scenarios.pictures import picture_index

    def fill(have: int, size: int) -> None:
        picture_index.fill([f"{number:032x}" for number in range(have, size)], "JPEG blur 640x480")

    def index_ms() -> float:
        start = time.process_time()
        for _ in range(TIMED):
            picture_index.index(new_task_id(), FACTS)
        return (time.process_time() - start) / TIMED * 1000

    return at_each_size(count, fill, index_ms)


if __name__ == "__main__":
    run_program(measure)
