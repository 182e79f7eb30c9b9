"""How a measurement is kept: JSON of which each figure is a line, so that a change can be read."""

import json
from collections.abc import Mapping
from typing import Any


def to_json(content: Mapping[str, Any]) -> str:  # Any: what JSON can hold
    """Return a line for each fact, and for each entry of a list or of a table of tables."""
    facts = [f"{_dump(name)}: {_spread(value)}" for name, value in content.items()]
    return "\n".join(["{", ",\n".join(facts), "}\n"])


def _spread(value: object) -> str:
    if isinstance(value, list) and value:
        return "\n".join(["[", ",\n".join(map(_dump, value)), "]"])
    if isinstance(value, dict) and all(isinstance(each, dict) for each in value.values()):
        entries = [f"{_dump(name)}: {_dump(each)}" for name, each in value.items()]
        return "\n".join(["{", ",\n".join(entries), "}"])
    return _dump(value)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
