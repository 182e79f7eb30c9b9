"""The index of symptoms, from `docs/symptoms.toml`: what is seen, why, its test, the cure."""

import re
import tomllib
from pathlib import Path
from typing import Any

from .guide import name_exercise

SYMPTOMS = Path("docs/symptoms.toml")
THREAD = re.compile(r"[\w.-]+/[\w.-]+#\d+")


def make_symptoms(root: Path) -> str:
    """Return one section for each symptom, in groups."""
    groups = load_symptoms(root)
    return "".join(
        f"\n## {title}\n" + "".join(_describe(root, each) for each in entries)
        for title, entries in groups.items()
    )


def load_symptoms(root: Path) -> dict[str, Any]:
    """Read the symptoms by group; Any: the shape that the file says."""
    return tomllib.loads((root / SYMPTOMS).read_text(encoding="utf-8"))


def _describe(root: Path, entry: dict[str, Any]) -> str:
    asked = f"Asked in {', '.join(entry['threads'])}.\n" if entry["threads"] else ""
    links = ", ".join(f"[{claim}](claims.md#{claim.lower()})" for claim in entry.get("claims", []))
    measured = f"Measured in {links}.\n" if links else ""
    folder = entry.get("exercise")
    exercise = (
        f"Repair it in [{name_exercise(root / 'workshop' / folder)}]"
        "(workshop/README.md#the-exercises).\n"
        if folder
        else ""
    )
    return (
        f"\n### {entry['symptom']}\n\n"
        f"**Cause.** {entry['cause']}\n\n"
        f"**Cure.** {entry['cure']}\n\n"
        f"{measured}{exercise}\n"
        f"{asked}"
    )
