"""The difference between two `main.py`: the lesson of the repository."""

import difflib
from pathlib import Path


def make_diff(root: Path, old: str, new: str) -> str:
    """Return the unified diff of `main.py` in the folders `old` and `new` as a code block."""
    before, after = (
        (root / name / "main.py").read_text(encoding="utf-8").splitlines() for name in (old, new)
    )
    files = f"{old}/main.py", f"{new}/main.py"
    diff = "\n".join(difflib.unified_diff(before, after, *files, n=2, lineterm=""))
    return f"\n```diff\n{diff}\n```\n\n"
