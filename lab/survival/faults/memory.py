"""How much the memory of processes grows while something is done to them."""

from collections.abc import Sequence
from contextlib import suppress

import psutil

from lab.processes.part import Part

MIB = 2**20


class Memory:
    """The resident memory of processes, compared with that at the start.

    Their children are left out, because the parents keep what waits, and children start late.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._before_mb = self._count_mb()
        self.grew_mb = 0.0

    def look(self) -> None:
        """Keep the largest growth so far, in MiB."""
        self.grew_mb = max(self.grew_mb, self._count_mb() - self._before_mb)

    def _count_mb(self) -> float:
        return sum(_read_rss_bytes(part.pid) for part in self._parts) / MIB


def _read_rss_bytes(pid: int) -> int:
    with suppress(psutil.NoSuchProcess):
        return int(psutil.Process(pid).memory_info().rss)
    return 0
