"""What a check says: passed, or one sentence with what was expected and what was seen."""

import re
from dataclasses import dataclass


class Missed(Exception):
    """The app did something else than the exercise asks for."""

    def __init__(self, expected: str, seen: str) -> None:
        super().__init__(f"expected {expected}; seen: {seen}")
        self.expected = expected
        self.seen = seen


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check; `expected` and `seen` are empty where it passed."""

    passed: bool
    seconds: float
    expected: str = ""
    seen: str = ""

    def __str__(self) -> str:
        if self.passed:
            return "passed"
        return f"expected {self.expected}; seen: {self.seen}"


TRACEBACK = re.compile(r'Traceback|^\s*File "|\\n', re.MULTILINE)


def expect(holds: object, expected: str, seen: object) -> None:
    """Raise Missed with both halves of the sentence unless `holds`."""
    if not holds:
        raise Missed(expected, str(seen))


def expect_plain(error: str) -> None:
    """Expect the text of an error, and no line of its traceback."""
    expect(not TRACEBACK.search(error), "the text of the error for the client", "a traceback")
