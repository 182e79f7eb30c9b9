"""Which test holds which statement: from `docs/held_by.toml`, the symptoms and the claims.

No other page names a test, so that the pages speak of the work and this one of the evidence.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path

from .claims import load_claims, load_measurements
from .symptoms import load_symptoms

BY_PAGE = attrgetter("page")
HELD_BY = Path("docs/held_by.toml")
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_DEFINITION = re.compile(r"def (test_\w+)")


@dataclass(frozen=True)
class Held:
    """A statement, the page that makes it (a path below docs/), and the tests that hold it."""

    statement: str
    page: str
    tests: tuple[str, ...]


def load_held(root: Path) -> list[Held]:
    """Read the statements of `docs/held_by.toml`."""
    tables = tomllib.loads((root / HELD_BY).read_text(encoding="utf-8"))["held"]
    return [Held(table["statement"], table["page"], tuple(table["tests"])) for table in tables]


def find_tests(root: Path) -> dict[str, str]:
    """Return for each test function the file that defines it."""
    found = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        for name in _DEFINITION.findall(path.read_text(encoding="utf-8")):
            found[name] = str(path.relative_to(root))
    for path in sorted((root / "docs" / "traps").glob("*.py")):
        found[path.stem] = str(path.relative_to(root))
    return found


def make_held_by(root: Path) -> str:
    """Return a table of statements and tests for each page, in the order of the alphabet."""
    where = find_tests(root)
    held = sorted(chain(load_held(root), _from_symptoms(root), _from_claims(root)), key=BY_PAGE)
    return "".join(
        f"\n## [{_title(root, page)}]({page})\n\n| What is said | What holds it |\n|---|---|\n"
        + "".join(_row(each, where) for each in group)
        for page, group in groupby(held, key=BY_PAGE)
    )


def _title(root: Path, page: str) -> str:
    text = (root / "docs" / page).read_text(encoding="utf-8")
    found = TITLE.search(text)
    return found[1] if found else page


def _row(held: Held, where: dict[str, str]) -> str:
    tests = "<br>".join(f"`{name}` in `{where[name]}`" for name in held.tests)
    return f"| {held.statement.replace('|', chr(92) + '|')} | {tests} |\n"


def _from_symptoms(root: Path) -> Iterator[Held]:
    for entry in chain.from_iterable(load_symptoms(root).values()):
        yield Held(entry["symptom"], "symptoms.md", tuple(entry["tests"]))


def _from_claims(root: Path) -> Iterator[Held]:
    measured = load_measurements(root).claims
    for claim in load_claims(root).values():
        tests = (test.partition("::")[2].partition("[")[0] for test in measured[claim.id].tests)
        yield Held(f"{claim.id}: {claim.says}", "claims.md", tuple(dict.fromkeys(tests)))
