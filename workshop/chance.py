"""Names, counts and orders that differ from run to run: a fix for one instance is no fix."""

import random
import secrets
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def some_name(prefix: str = "") -> str:
    """Return a word that nobody can foresee, behind `prefix`."""
    return f"{prefix}{secrets.token_hex(3)}"


def some_names(count: int, prefix: str = "") -> list[str]:
    """Return that many different words."""
    names: set[str] = set()
    while len(names) < count:
        names.add(some_name(prefix))
    return list(names)


def some_count(least: int, most: int) -> int:
    """Return a number from `least` to `most`."""
    return random.randint(least, most)


def shuffled(items: Iterable[T]) -> list[T]:
    """Return the items in an order by chance."""
    found = list(items)
    random.shuffle(found)
    return found
