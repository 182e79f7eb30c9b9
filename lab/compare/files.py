"""Writes a comparison as JSON, as Markdown and as one HTML page."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from lab.load.plan import Plan
from lab.machine import Machine
from lab.results import to_json

from .figures import Figures
from .figures_table import make_legend, make_markdown_table
from .report_page import make_page


def write_files(
    folder: Path, rows: Sequence[Figures], machine: Machine, plan: Plan, broken: Sequence[str]
) -> None:
    """Write `compare.json`, `compare.md` and `index.html`."""
    content = {
        "machine": asdict(machine),
        "plan": asdict(plan),
        "approaches": [asdict(row) for row in rows],
        "broken_promises": list(broken),
    }
    markdown = f"{make_markdown_table(rows)}\n{plan}.\n{machine}.\n\n{make_legend()}"
    _write(folder / "compare.json", to_json(content))
    _write(folder / "compare.md", markdown)
    _write(folder / "index.html", make_page(rows, machine, plan, broken))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
