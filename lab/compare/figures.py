"""What was measured of one approach."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Count:
    """How many there were, and how many there should be."""

    seen: int
    asked: int

    def __str__(self) -> str:
        return f"{self.seen}/{self.asked}"


@dataclass(frozen=True)
class Latency:
    """Percentiles in milliseconds, each a value that was measured."""

    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Figures:
    """The figures of one approach; `faults` says what is wrong with single jobs."""

    approach: str
    title: str
    accepted: Count
    emails: Count
    reports: Count
    pictures: Count
    pictures_outside_api: Count
    accept: Latency
    accept_by_kind: dict[str, Latency]
    last_job_ended_s: float | None
    worst_healthz_ms: float
    healthz_answers: int
    healthz_failures: int
    arrived_after_kill: Count
    second_copies_after_kill: int
    code_lines: int
    faults: list[str] = field(default_factory=list)


def percentiles(values_ms: Sequence[float]) -> Latency:
    """Return the nearest-rank percentiles; below 100 values the p99 is the largest."""
    if not values_ms:
        return Latency(0.0, 0.0)
    ordered = sorted(values_ms)
    p50, p99 = (ordered[-(-len(ordered) * percent // 100) - 1] for percent in (50, 99))
    return Latency(p50, p99)
