"""Takes a figure of a program at each of its three sizes."""

import time
from collections.abc import Callable

PARTS = ("few", "some", "many")


def at_each_size(
    count: int, fill: Callable[[int, int], None], measure: Callable[[], float]
) -> dict[str, float]:
    """Fill up to a hundredth, a tenth and all of `count`; return what was measured at each.

    `fill(have, size)` adds what is missing.
    """
    have, found = 0, {}
    for part, size in zip(PARTS, (count // 100, count // 10, count), strict=True):
        fill(have, size)
        have, found[part] = size, measure()
    return found


def quickest_ms(step: Callable[[], object], times: int = 50) -> float:
    """Return the milliseconds of the quickest run: the machine may be busy with something else."""
    took_s = []
    for _ in range(times):
        start = time.perf_counter()
        step()
        took_s.append(time.perf_counter() - start)
    return min(took_s) * 1000
