"""Compares the lines of one server, or of one command, with those of a transcript."""

from collections.abc import Sequence

from .transcript import CUT
from .values import Bindings

Match = tuple[int, Bindings]


def match_start(expected: Sequence[str], seen: Sequence[str], bindings: Bindings) -> Match | None:
    """Match all of `expected` with the first lines of `seen`; `...` stands for any lines.

    Returns how many lines of `seen` that took, as few as possible, and the bindings after them.
    """
    # What is still to be tried: (lines of expected, lines of seen, bindings) used so far.
    waiting = [(0, 0, bindings)]
    tried = set[tuple[int, int]]()
    while waiting:
        wanted, used, bound = waiting.pop()
        if wanted == len(expected):
            return used, bound
        if (wanted, used) in tried:
            continue
        tried.add((wanted, used))
        if expected[wanted] == CUT:
            if used < len(seen):
                waiting.append((wanted, used + 1, bound))
            waiting.append((wanted + 1, used, bound))
        elif used < len(seen) and (after := bound.match(expected[wanted], seen[used])):
            waiting.append((wanted + 1, used + 1, after))
    return None


def match_all(expected: Sequence[str], seen: Sequence[str], bindings: Bindings) -> Bindings | None:
    """Match all of `expected` with all of `seen`."""
    end = "\0"
    found = match_start([*expected, end], [*seen, end], bindings)
    return found[1] if found else None
