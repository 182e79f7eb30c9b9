"""Symptoms and questions, from `docs/symptoms.toml` and `docs/questions.toml`.

A symptom begins with what is seen, as people type it into a search box; then why, and the cure.
"""

import re
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

from .guide import name_exercise

SYMPTOMS, QUESTIONS = Path("docs/symptoms.toml"), Path("docs/questions.toml")
PAGE = "symptoms.md"
THREAD = re.compile(r"[\w.-]+/[\w.-]+#\d+")


def make_symptoms(root: Path) -> str:
    """Return one section for each symptom, in groups."""
    groups = load_symptoms(root)
    return "".join(
        f"\n## {title}\n" + "".join(_describe(root, each) for each in entries)
        for title, entries in groups.items()
    )


def make_questions(root: Path) -> str:
    """Return every question with a link to its answer."""
    lines = [f"- [{each['asks']}]({find_answer(root, each)})\n" for each in load_questions(root)]
    return "".join(lines)


def load_symptoms(root: Path) -> dict[str, Any]:
    """Read the symptoms by group; Any: the shape that the file says."""
    return tomllib.loads((root / SYMPTOMS).read_text(encoding="utf-8"))


def load_questions(root: Path) -> list[dict[str, Any]]:
    """Read the questions; Any: as above."""
    found: list[dict[str, Any]] = tomllib.loads((root / QUESTIONS).read_text("utf-8"))["question"]
    return found


def find_answer(root: Path, question: dict[str, Any]) -> str:
    """Return the page and anchor of a question's answer; raise if its symptom does not exist."""
    if answer := question.get("answer"):
        return str(answer)
    begins = question["symptom"]
    entries = chain.from_iterable(load_symptoms(root).values())
    found = [each["symptom"] for each in entries if each["symptom"].startswith(begins)]
    if len(found) != 1:
        raise ValueError(f"{len(found)} symptoms begin with {begins!r}, and one is right")
    return f"{PAGE}#{anchor(found[0])}"


def anchor(symptom: str) -> str:
    """Return the name of the section about a symptom."""
    return "-".join(re.findall(r"[a-z0-9]+", symptom.lower()))


def _describe(root: Path, entry: dict[str, Any]) -> str:
    seen = "\n".join(entry.get("seen", []))
    shown = f"```text\n{seen}\n```\n\n" if seen else ""
    asked = f"Asked in {', '.join(entry['threads'])}.\n" if entry["threads"] else ""
    links = ", ".join(f"[{claim}](claims.md#{claim.lower()})" for claim in entry.get("claims", []))
    measured = f"Measured in {links}.\n" if links else ""
    folder = entry.get("exercise")
    exercise = (
        f"**Exercise.** [{name_exercise(root / 'workshop' / folder)}]"
        "(workshop/README.md#the-exercises).\n\n"
        if folder
        else ""
    )
    return (
        f"\n### {entry['symptom']} {{ #{anchor(entry['symptom'])} }}\n\n"
        f"{shown}"
        f"**Cause.** {entry['cause']}\n\n"
        f"**Cure.** {entry['cure']}\n\n"
        f"{exercise}{measured}{asked}"
    )
