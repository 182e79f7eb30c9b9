"""The values that differ from run to run: ids, which are bound, and times, which may vary.

A value is bound by its position: where the transcript says 4711 and this run prints 5002, every
4711 of the transcript means 5002 from then on, also in a command.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

# `id` and `pid` are bound. `seconds` and `ms` may differ within wide limits, the others freely.
_VALUE = re.compile(
    r"(?P<id>\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b[0-9a-f]{32}\b)"
    r"|(?P<date>\b\d{4}-\d\d-\d\d(?!\d))"
    r"|(?P<clock>(?<!\d)\d\d:\d\d:\d\d(?:[.,]\d+)?)"
    r"|ForkPoolWorker-(?P<child>\d+)"
    r"|\b127\.0\.0\.1:(?P<port>\d{4,5}) - \""
    r"|(?i:\b(?:process|pid)(?:[ _]id)?)\W{1,4}(?P<pid>\d{2,8})\b"
    r"|(?<![\w./])(?P<seconds>\d+\.\d+)(?![\w]*\.\d)"
    r"|(?<![\w./])(?P<ms>\d+)(?= ?ms\b)"
)
BOUND = {"id", "pid"}
_KILL = re.compile(r"\bkill\s+(?:-(?:\d{1,2}|[A-Z]+)\s+)*(?P<pids>[^;&|]*)")  # -4711: its group


@dataclass(frozen=True)
class Value:
    """One value in a line."""

    kind: str
    text: str
    start: int


def find_values(line: str) -> list[Value]:
    """Return the values of a line in their order."""
    return list(_find_values(line))


def _find_values(line: str) -> Iterator[Value]:
    for found in _VALUE.finditer(line):
        kind = found.lastgroup or ""
        yield Value(kind, found[kind], found.start(kind))


def make_shape(line: str) -> str:
    """Return the line with the kind of each value in its place."""
    parts, end = [], 0
    for value in find_values(line):
        parts += [line[end : value.start], f"<{value.kind}>"]
        end = value.start + len(value.text)
    return "".join([*parts, line[end:]])


def find_bound(command: str) -> list[Value]:
    """Return the ids and process ids in a command."""
    pids = [
        Value("pid", found[0], found.start() + killed.start("pids"))
        for killed in _KILL.finditer(command)
        for found in re.finditer(r"\b\d+\b", killed["pids"])
    ]
    return [each for each in find_values(command) if each.kind == "id"] + pids


@dataclass(frozen=True)
class Bindings:
    """What the values of a transcript are called in this run."""

    seen: dict[str, str] = field(default_factory=dict)

    def match(self, expected: str, seen: str) -> "Bindings | None":
        """Return the bindings after this pair of lines, or None if they do not agree."""
        if expected == seen and not any(v.kind in BOUND for v in find_values(expected)):
            return self
        if make_shape(expected) != make_shape(seen):
            return None
        bound = dict(self.seen)
        for old, new in zip(find_values(expected), find_values(seen), strict=True):
            if old.kind in BOUND:
                if bound.setdefault(old.text, new.text) != new.text:
                    return None
            elif old.kind in ("seconds", "ms") and not _about(old, new):
                return None
        # Two ids of the transcript are two ids here: another process is another process.
        return Bindings(bound) if len({*bound.values()}) == len(bound) else None

    def guess(self, wanted: Iterable[Value], seen: Iterable[str]) -> "Bindings":
        """Bind wanted values, in their order, to new ones of their kind in these lines."""
        bound = dict(self.seen)
        new = [value for line in seen for value in find_values(line)]
        for value in wanted:
            fitting = [n.text for n in new if n.kind == value.kind and n.text not in bound.values()]
            if value.text not in bound and fitting:
                bound[value.text] = fitting[0]
        return Bindings(bound)

    def translate(self, command: str) -> str:
        """Return a command of the transcript with the values of this run."""
        return _replace(command, self.seen)

    def restore(self, line: str) -> str:
        """Return a line of this run with the values of the transcript."""
        return _replace(line, {new: old for old, new in self.seen.items()})


def _replace(text: str, pairs: dict[str, str]) -> str:
    if not pairs:
        return text
    words = "|".join(re.escape(word) for word in sorted(pairs, key=len, reverse=True))
    return re.sub(rf"(?<![\w.])(?<!\w-)(?:{words})(?![\w.-])", lambda found: pairs[found[0]], text)


def _about(old: Value, new: Value) -> bool:
    """Tell whether a time is near enough: a slow machine takes longer, no machine less."""
    scale = 1000.0 if old.kind == "ms" else 1.0
    expected_s, seen_s = float(old.text) / scale, float(new.text) / scale
    return 0.6 * expected_s - 0.3 <= seen_s <= 2.0 * expected_s + 1.0
