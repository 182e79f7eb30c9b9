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
    page = make_page(rows, machine, plan, broken)
    (folder / "compare.json").write_text(to_json(content), encoding="utf-8")
    (folder / "compare.md").write_text(markdown, encoding="utf-8")
    (folder / "index.html").write_text(page, encoding="utf-8")
