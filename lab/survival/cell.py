"""The outcome of one fault on one approach: counts, and the same in a word or two."""

from collections.abc import Callable
from dataclasses import dataclass, field

KEPT = "kept"
MOST_MB = 100.0  # by which the memory of the processes may grow in a trial


@dataclass(frozen=True)
class Cell:
    """The counts of one trial; `why_not` says why there was none.

    `traces` has a sentence for each lost task: its status and its events in the ledger.
    """

    fault: str
    column: str
    why_not: str = ""
    accepted: int = 0
    refused: int = 0
    started: int = 0
    finished: int = 0
    failed: int = 0
    interrupted: int = 0
    late: int = 0
    lost: int = 0
    run_twice: int = 0
    effects_twice: int = 0
    unknown: int = 0
    ghosts: int = 0
    done_though_refused: int = 0
    refused_badly: int = 0
    slowest_202_s: float = 0.0
    slowest_refusal_s: float = 0.0
    stop_s: float | None = None
    grew_mb: float | None = None
    recovered_s: float | None = None
    worst_healthz_ms: float | None = None
    traces: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        """Name what was not as it should be, with its count, or say `kept`."""
        if self.why_not:
            return "–"
        counted = {word: count(self) for word, count in WORDS.items()}
        named = [f"{word} {count}" for word, count in counted.items() if count]
        return ", ".join(named) or KEPT


WORDS: dict[str, Callable[[Cell], int]] = {
    "lost": lambda cell: cell.lost,
    "late": lambda cell: cell.late,
    "twice": lambda cell: cell.effects_twice,
    "interrupted": lambda cell: cell.interrupted,
    "failed": lambda cell: cell.failed,
    "refused": lambda cell: cell.refused,
    "unknown": lambda cell: cell.unknown,
}
MEANINGS = {
    KEPT: "every accepted job was done, and its effect seen once at the mail server or receiver",
    "lost": "accepted, never done, and nothing says so",
    "late": "not done when the trial ended, but still held by the broker",
    "twice": "the effect was seen twice",
    "interrupted": "not done; the stop noted it as `interrupted`",
    "failed": "not done; ended as `failed`, with a reason",
    "refused": "answered with 503 instead of 202",
    "unknown": "404 at another API process of the same app",
}


def find_difference(cell: Cell, promise: str) -> str | None:
    """Return a sentence if the cell is not what was promised; a word alone allows any count."""
    promised = {word: count for word, _, count in map(_split, promise.split(","))}
    seen = {word: count for word, _, count in map(_split, cell.outcome.split(","))}
    same = promised.keys() == seen.keys()
    if same and all(count in ("", seen[word]) for word, count in promised.items()):
        return None
    difference = f"{cell.column}, {cell.fault}: promised {promise!r}, seen {cell.outcome!r}"
    return "; ".join([difference, *cell.traces[:3]])


def find_faults_of(cell: Cell) -> list[str]:
    """Return what no approach may do, whatever it promises."""
    ended = cell.finished + cell.failed + cell.interrupted + cell.late + cell.lost
    claims = {
        "nothing was accepted, so nothing was tried": not cell.accepted,
        f"{cell.accepted} accepted, {ended} accounted for": ended != cell.accepted,
        f"{cell.done_though_refused} refused and done all the same": cell.done_though_refused,
        f"{cell.ghosts} told of in metrics, and accepted by nobody": cell.ghosts,
        f"{cell.refused_badly} refused late or without Retry-After": cell.refused_badly,
    }
    if cell.grew_mb is not None:
        claims[f"its memory grew by {cell.grew_mb:.0f} MiB"] = cell.grew_mb > MOST_MB
    return [f"{cell.column}, {cell.fault}: {claim}" for claim, holds in claims.items() if holds]


def _split(part: str) -> tuple[str, str, str]:
    return part.strip().partition(" ")
