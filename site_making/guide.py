"""The decision guide, from `docs/guide.toml`: questions that lead to outcomes by links."""

import tomllib
from pathlib import Path
from typing import Any

GUIDE = Path("docs/guide.toml")


def make_guide(root: Path) -> str:
    """Return all steps, one below the other; a small script shows one at a time."""
    guide = load_guide(root)
    questions = "".join(_ask(name, step) for name, step in guide["questions"].items())
    outcomes = "".join(_conclude(root, name, step) for name, step in guide["outcomes"].items())
    return f'\n<div class="guide" markdown>\n{questions}{outcomes}\n</div>\n\n'


def load_guide(root: Path) -> dict[str, Any]:
    """Read questions and outcomes by name; Any: the shape that the file says."""
    return tomllib.loads((root / GUIDE).read_text(encoding="utf-8"))


def _ask(name: str, step: dict[str, Any]) -> str:
    answers = " ".join(f"[{words}](#{goal})" for words, goal in step["answers"].items())
    return (
        f'\n<div class="step" markdown>\n\n### {step["ask"]} {{ #{name} }}\n\n{step["why"]}\n\n'
        f"{answers}\n{{ .answers }}\n\n</div>\n"
    )


def _conclude(root: Path, name: str, step: dict[str, Any]) -> str:
    links = "\n".join(f"- [{words}]({goal})" for words, goal in step["links"].items())
    means = "\n".join(f"- **{what}:** {words}" for what, words in step["means"].items())
    exercises = ", ".join(name_exercise(root / "workshop" / folder) for folder in step["exercises"])
    return (
        f'\n<div class="step outcome" markdown>\n\n### {step["title"]} {{ #{name} }}\n\n'
        f"{step['text']}\n\n{means}\n\nRead on:\n\n{links}\n"
        f"- [Exercise](workshop/README.md#the-exercises): {exercises}\n\n"
        "[Start again](#first)\n{ .again }\n\n</div>\n"
    )


def name_exercise(exercise: Path) -> str:
    """Return number and title of an exercise, from its README."""
    readme = (exercise / "README.md").read_text(encoding="utf-8")
    return readme.partition("\n")[0].removeprefix("# ")
