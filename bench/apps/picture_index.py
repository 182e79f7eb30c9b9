"""Milliseconds of the processor to index one more picture among 1 000 and among COUNT others.

Time of the processor, as waiting for the disk is the same for both and differs from run to run.
"""

import os
import time
from pathlib import Path

from bench.program import run_program

FEW, TIMED = 1_000, 300
FACTS = {"format": "JPEG", "operations": ["blur"], "width": 640, "height": 480}


def measure(count: int, folder: Path) -> dict[str, float]:
    """Return a mean for each size of the index; it is filled with the pictures of a test."""
    os.environ["DATA_DIR"] = str(folder)
    from scenarios.pictures import picture_index

    found = {}
    have = 0
    for name, size in (("few", FEW), ("many", max(count, FEW))):
        picture_index.fill([f"{number:032x}" for number in range(have, size)], "JPEG blur 640x480")
        have = size
        start = time.process_time()
        for number in range(TIMED):
            picture_index.index(f"{name}-{number}", FACTS)
        found[name] = (time.process_time() - start) / TIMED * 1000
    return found


if __name__ == "__main__":
    run_program(measure)
