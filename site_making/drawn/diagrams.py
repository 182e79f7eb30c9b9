"""Draws the diagrams of the site from `docs/diagrams.toml`: a picture, and the same in words.

Plain SVG without a script: it takes its colours from the page, in the light and in the dark.
"""

import tomllib
from html import escape
from pathlib import Path
from typing import Any

DIAGRAMS = Path("docs/diagrams.toml")
WIDTH_PX = 420
TOP_PX = 62
ROW_PX = 46
Step = dict[str, str]


def make_diagram(root: Path, name: str) -> str:
    """Return the diagram called `name` as a figure with its description."""
    facts = load_diagrams(root)[name]
    columns = _place(facts["lanes"])
    height_px = TOP_PX + ROW_PX * len(facts["steps"]) + 14
    drawn = "".join(
        _draw(step, columns, TOP_PX + ROW_PX * row + 18) for row, step in enumerate(facts["steps"])
    )
    lanes = "".join(_draw_lane(lane, x_px, height_px) for lane, x_px in columns.items())
    words = "".join(f"<li>{escape(tell(step))}</li>\n" for step in facts["steps"])
    title = escape(facts["title"])
    return (
        f'\n<figure class="diagram">\n<svg viewBox="0 0 {WIDTH_PX} {height_px}" role="img"'
        f' aria-label="{title}">\n{lanes}{drawn}</svg>\n<figcaption>{title}</figcaption>\n'
        "<details><summary>The same in words</summary>\n"
        f"<ol>\n{words}</ol></details>\n</figure>\n\n"
    )


def tell_diagram(root: Path, name: str) -> str:
    """Return the diagram called `name` in words, as Markdown."""
    facts = load_diagrams(root)[name]
    steps = "".join(f"{number}. {tell(step)}\n" for number, step in enumerate(facts["steps"], 1))
    return f"{facts['title']}:\n\n{steps}"


def load_diagrams(root: Path) -> dict[str, Any]:
    """Read all diagrams; Any: the shape that the file says."""
    return tomllib.loads((root / DIAGRAMS).read_text(encoding="utf-8"))


def tell(step: Step) -> str:
    """Say a step in words."""
    if "note" in step:
        return step["note"]
    if "at" in step:
        return f"{step['at']}: {step['text']}"
    return f"{step['from']} to {step['to']}: {step['text']}"


def _place(lanes: list[str]) -> dict[str, float]:
    gap_px = WIDTH_PX / len(lanes)
    return {lane: round(gap_px * (number + 0.5), 1) for number, lane in enumerate(lanes)}


def _draw_lane(lane: str, x_px: float, height_px: int) -> str:
    return (
        f'<line class="lane" x1="{x_px}" y1="40" x2="{x_px}" y2="{height_px - 4}"/>\n'
        f'<rect class="head" x="{x_px - 46}" y="8" width="92" height="30" rx="6"/>\n'
        f'<text class="name" x="{x_px}" y="28">{escape(lane)}</text>\n'
    )


def _draw(step: Step, columns: dict[str, float], y_px: int) -> str:
    if "note" in step:
        return (
            f'<line class="cut" x1="6" y1="{y_px}" x2="{WIDTH_PX - 6}" y2="{y_px}"/>\n'
            f'<text class="note" x="{WIDTH_PX / 2}" y="{y_px - 7}">{escape(step["note"])}</text>\n'
        )
    if "at" in step:
        return _draw_box(step["text"], columns[step["at"]], y_px)
    return _draw_arrow(step["text"], columns[step["from"]], columns[step["to"]], y_px)


def _draw_box(text: str, x_px: float, y_px: int) -> str:
    half_px = 4 + 3.7 * len(text)
    left_px = min(max(x_px - half_px, 3), WIDTH_PX - 3 - 2 * half_px)
    return (
        f'<rect class="job" x="{left_px:.1f}" y="{y_px - 20}" width="{2 * half_px:.1f}"'
        f' height="30" rx="6"/>\n<text class="work" x="{left_px + half_px:.1f}" y="{y_px}">'
        f"{escape(text)}</text>\n"
    )


def _draw_arrow(text: str, start_px: float, end_px: float, y_px: int) -> str:
    way = 1 if end_px > start_px else -1
    tip_px = end_px - way * 2
    head = f"{tip_px},{y_px} {tip_px - way * 8},{y_px - 4} {tip_px - way * 8},{y_px + 4}"
    return (
        f'<line class="call" x1="{start_px}" y1="{y_px}" x2="{tip_px}" y2="{y_px}"/>\n'
        f'<polygon class="tip" points="{head}"/>\n'
        f'<text class="word" x="{(start_px + end_px) / 2}" y="{y_px - 7}">{escape(text)}</text>\n'
    )
