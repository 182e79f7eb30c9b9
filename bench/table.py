"""The table of a benchmark, as Markdown, and the file that it is published in."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from lab.machine import Machine
from lab.results import to_markdown

BENCH = "bench.json"
HEADINGS = ("what", "measured: median (spread)", "against", "ratio", "target", "met")


@dataclass(frozen=True)
class Verdict:
    """One line of the table, in words, and its ratio to be drawn."""

    what: str
    measured: str
    against: str
    ratio: str
    target: str
    met: str
    of_target: float | None = None  # what was reached, as a part of the target or its multiple

    @property
    def cells(self) -> tuple[str, ...]:
        """The words in the order of `HEADINGS`."""
        return (self.what, self.measured, self.against, self.ratio, self.target, self.met)


class Benchmark(BaseModel):
    """The content of `bench.json`, as far as it is shown."""

    machine: Machine
    rounds: int
    rows: list[Verdict]


def read_benchmark(path: Path) -> Benchmark:
    """Read `bench.json`."""
    return Benchmark.model_validate_json(path.read_bytes())


def make_bench_table(verdicts: Sequence[Verdict], machine: Machine, rounds: int) -> str:
    """Return the table as Markdown, and where it was measured."""
    table = to_markdown(HEADINGS, (verdict.cells for verdict in verdicts), others="---")
    return f"{table}\nMedian of {rounds} interleaved rounds.\n{machine}.\n"
