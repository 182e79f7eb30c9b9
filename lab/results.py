"""How figures are written: as tables, and as JSON in which each of them is a line of its own."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def to_json(content: Mapping[str, Any]) -> str:  # Any: what JSON can hold
    """Return a line for each fact, and for each entry of a list or of a table of tables."""
    facts = [f"{_dump(name)}: {_spread(value)}" for name, value in content.items()]
    return "\n".join(["{", ",\n".join(facts), "}\n"])


def to_markdown(head: Sequence[str], rows: Iterable[Sequence[str]], *, others: str = "---:") -> str:
    """Return a table with its first column on the left and the `others` aligned as this says."""
    lines = [head, ["---", *[others] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _spread(value: object) -> str:
    if isinstance(value, list) and value:
        return "\n".join(["[", ",\n".join(map(_dump, value)), "]"])
    if isinstance(value, dict) and all(isinstance(each, dict) for each in value.values()):
        entries = [f"{_dump(name)}: {_dump(each)}" for name, each in value.items()]
        return "\n".join(["{", ",\n".join(entries), "}"])
    return _dump(value)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
