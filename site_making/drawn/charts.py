"""Draws published figures as bars in plain SVG; the table beside them has the same numbers."""

from collections.abc import Sequence
from html import escape

ROW_PX = 34
LABEL_PX = 190
BAR_PX = 190


def make_chart(title: str, rows: Sequence[tuple[str, float, str]]) -> str:
    """Return a figure with a bar for each row: its label, its value and how the value reads."""
    top = max((value for _, value, _ in rows), default=0) or 1
    bars = "".join(_draw_row(number, row, top) for number, row in enumerate(rows))
    words = "; ".join(f"{label}: {shown}" for label, _, shown in rows)
    return (
        f'\n<figure class="chart">\n<figcaption>{escape(title)}</figcaption>\n'
        f'<svg viewBox="0 0 470 {ROW_PX * len(rows)}" role="img"'
        f' aria-label="{escape(title)}. {escape(words)}.">\n{bars}</svg>\n</figure>\n\n'
    )


def _draw_row(number: int, row: tuple[str, float, str], top: float) -> str:
    label, value, shown = row
    y_px = number * ROW_PX
    width_px = round(BAR_PX * value / top, 1)
    return (
        f'<text class="row" x="0" y="{y_px + 21}">{escape(label)}</text>\n'
        f'<rect class="track" x="{LABEL_PX}" y="{y_px + 8}" width="{BAR_PX}" height="18"/>\n'
        f'<rect class="bar" x="{LABEL_PX}" y="{y_px + 8}" width="{width_px}" height="18"/>\n'
        f'<text class="value" x="{LABEL_PX + BAR_PX + 10}" y="{y_px + 21}">{escape(shown)}</text>\n'
    )
