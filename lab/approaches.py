"""What `approaches.toml` says of each approach."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .errors import LabError

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Approach:
    """One numbered folder: its preferred port, the services it needs and what it promises.

    A variant runs a `folder` of another name, with `env`, where `{data_dir}` stands for DATA_DIR,
    and may need further `rooms` of that folder.
    """

    name: str
    title: str
    summary: str
    port: int
    services: Sequence[str] = ()
    promises: dict[str, bool | str] = field(default_factory=dict)
    folder: str = ""
    rooms: Sequence[str] = ()
    env: dict[str, str] = field(default_factory=dict)
    survives: dict[str, str] = field(default_factory=dict)
    survives_by_default: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", self.folder or self.name)


def load_approaches(root: Path = ROOT) -> dict[str, Approach]:
    """Read `approaches.toml` under `root`, by folder name, in the order of the file."""
    path = root / "approaches.toml"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LabError(f"no file {str(path)!r}: the lab runs from a clone of the project") from None
    return {name: Approach(name=name, **table) for name, table in tables.items()}


def find_approach(name: str, root: Path = ROOT) -> Approach:
    """Return the approach of this name or number; raise LabError if there is none."""
    approaches = load_approaches(root)
    for approach in approaches.values():
        if name in (approach.name, approach.name.partition("_")[0]):
            return approach
    known = ", ".join(approaches)
    raise LabError(f"unknown approach {name!r}: it is one of {known}, or the number alone")
