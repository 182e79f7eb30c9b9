"""Draws the benchmark as SVG: how much of each target was reached."""

from collections.abc import Sequence
from html import escape
from textwrap import wrap

from lab.machine import Machine

from .table import Verdict

ROW_PX, LINE_PX, HEAD_PX, WIDTH_PX = 40, 16, 44, 900
BAR_X_PX, TARGET_PX, MOST = 470, 200, 2.1  # a bar of TARGET_PX has reached its target
TITLE = "Measured, as a part of the target"
DESCRIPTION = (
    "Horizontal bars, one for each comparison that has a target. The dashed line is the target:"
    " 'at least' is met where the bar reaches it, 'at most' where it does not pass it."
)
# Colours of its own ground, so that it can be read on a light page and on a dark one.
STYLE = """<style>
.ground { fill: #ffffff } text { fill: #1f2328 } .small { fill: #59636e; font-size: 11px }
.yes { fill: #1a7f64 } .no { fill: #c4432b } .line { stroke: #1f2328; stroke-dasharray: 4 }
@media (prefers-color-scheme: dark) {
.ground { fill: #1e2129 } text { fill: #e6e8ee } .small { fill: #a9b0bd }
.yes { fill: #3fb896 } .no { fill: #f0806a } .line { stroke: #e6e8ee }
}
</style>"""


def make_svg(verdicts: Sequence[Verdict], machine: Machine) -> str:
    """Return the picture of the rows that have a target and were measured."""
    drawn = [verdict for verdict in verdicts if verdict.of_target is not None]
    lines = wrap(f"{machine}.", 140)
    x_px, bottom_px = BAR_X_PX + TARGET_PX, HEAD_PX + ROW_PX * len(drawn)
    height_px = bottom_px + LINE_PX * (len(lines) + 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {height_px}" role="img"'
        ' aria-labelledby="title description" font-family="sans-serif" font-size="13">',
        f'<title id="title">{TITLE}</title>\n<desc id="description">{DESCRIPTION}</desc>\n{STYLE}',
        f'<rect class="ground" width="{WIDTH_PX}" height="{height_px}" rx="6"/>',
        f'<text x="12" y="26" font-weight="bold">{TITLE} (the line)</text>',
        *(_draw(verdict, HEAD_PX + ROW_PX * number) for number, verdict in enumerate(drawn)),
        f'<path class="line" d="M{x_px} {HEAD_PX - 8}V{bottom_px}"/>',
        *(
            _text(12, bottom_px + 12 + LINE_PX * number, line, "small")
            for number, line in enumerate(lines)
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _draw(verdict: Verdict, y_px: int) -> str:
    ours, against = (words.rpartition(": ")[0] for words in (verdict.measured, verdict.against))
    reached = verdict.ratio or verdict.measured.rpartition(": ")[2].partition(" (")[0]
    width_px = min(verdict.of_target or 0, MOST) * TARGET_PX
    words = f"{reached}, target {verdict.target}: {verdict.met}"
    return "\n".join(
        [
            _text(12, y_px + 11, verdict.what),
            _text(12, y_px + 26, f"{ours} / {against}" if against else ours, "small"),
            f'<rect class="{verdict.met}" x="{BAR_X_PX}" y="{y_px}" width="{width_px:.0f}"'
            ' height="14"/>',
            _text(BAR_X_PX, y_px + 27, words, "small"),
        ]
    )


def _text(x_px: int, y_px: int, words: str, kind: str = "text") -> str:
    return f'<text class="{kind}" x="{x_px}" y="{y_px}">{escape(words)}</text>'
