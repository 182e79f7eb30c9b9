"""The matrix of faults for the site: a colour, a sign and a word in each cell, figures on demand.

The figures of a cell stand in a popover of HTML, which opens and closes without a script.
"""

from collections.abc import Sequence
from html import escape
from re import sub

from lab.survival.cell import KEPT, MEANINGS, Cell
from lab.survival.columns import load_columns
from lab.survival.faults import FAULTS
from lab.survival.matrix import FIGURES

SIGNS = {
    KEPT: "✓",
    "lost": "✕",
    "late": "◔",
    "twice": "②",
    "interrupted": "‖",
    "failed": "!",
    "refused": "⊘",
    "unknown": "?",
}
COUNTED = ("accepted", "started")  # shown also when they are none


def make_matrix(cells: Sequence[Cell]) -> str:
    """Return the outcomes as an HTML table: a fault a row, an approach a column."""
    columns = list(dict.fromkeys(cell.column for cell in cells))
    titles = {name: column.title for name, column in load_columns().items()}
    by_place = {(cell.fault, cell.column): cell for cell in cells}
    faults = [name for name in FAULTS if any(cell.fault == name for cell in cells)]
    head = "".join(f'<th scope="col">{escape(titles[column])}</th>' for column in columns)
    rows = "".join(
        f'<tr><th scope="row">{code(FAULTS[fault].title)}</th>'
        + "".join(_show(by_place.get((fault, column))) for column in columns)
        + "</tr>\n"
        for fault in faults
    )
    return (
        '\n<div class="matrix" role="region" tabindex="0" aria-label="What survives">\n'
        f'<table class="faults">\n<thead><tr><th scope="col">What happens</th>{head}</tr></thead>\n'
        f"<tbody>\n{rows}</tbody>\n{_count_kept(cells, columns)}</table>\n</div>\n\n"
    )


def make_row(cells: Sequence[Cell]) -> str:
    """Return the outcomes of one fault, side by side where there is room."""
    titles = {name: column.title for name, column in load_columns().items()}
    shown = "".join(
        f"<div><dt>{escape(titles[cell.column])}</dt>"
        f'<dd class="{_split(cell)[0][0]}">{_parts(cell)}</dd></div>\n'
        for cell in cells
        if not cell.why_not
    )
    return f'\n<dl class="outcomes">\n{shown}</dl>\n\n'


def make_legend() -> str:
    """Return what the signs mean, each as it stands in a cell."""
    entries = "".join(
        f'<div><dt class="{word}">{_sign(word)}{word}</dt><dd>{code(meaning)}</dd></div>\n'
        for word, meaning in MEANINGS.items()
    )
    return f'\n<dl class="matrix-legend">\n{entries}</dl>\n\n'


def code(words: str) -> str:
    """Return words as HTML, with code where Markdown has backquotes."""
    return sub(r"`([^`]+)`", r"<code>\1</code>", escape(words))


def _show(cell: Cell | None) -> str:
    if cell is None:
        return "<td></td>"
    if cell.why_not:
        return f'<td class="none"><abbr title="{escape(cell.why_not)}">–</abbr></td>'
    name = f"{cell.fault}-{cell.column}".replace("+", "-")
    return (
        f'<td class="{_split(cell)[0][0]}">'
        f'<button type="button" popovertarget="{name}">{_parts(cell)}</button>'
        f'<div popover id="{name}">{_tell(cell)}</div></td>'
    )


def _split(cell: Cell) -> list[tuple[str, str]]:
    """Return the words of an outcome, each with its count."""
    found = (part.partition(" ") for part in cell.outcome.split(", "))
    return [(word, count) for word, _, count in found]


def _parts(cell: Cell) -> str:
    return "".join(
        f'<span class="part">{_sign(word)}{f"{word} {count}".strip()}</span>'
        for word, count in _split(cell)
    )


def _sign(word: str) -> str:
    return f'<span class="sign" aria-hidden="true">{SIGNS[word]}</span>'


def _tell(cell: Cell) -> str:
    figures = [
        (figure.heading, figure.cell(cell))
        for figure in FIGURES
        if figure.heading in COUNTED or figure.cell(cell).strip("0.") not in ("", "–")
    ]
    rows = "".join(f"<tr><td>{heading}<td>{shown}" for heading, shown in figures)
    title = f"{escape(load_columns()[cell.column].title)}: {cell.outcome}"
    fault = code(FAULTS[cell.fault].title)
    return f'<b>{title}</b><p>{fault}</p><table class="figures">{rows}</table>'


def _count_kept(cells: Sequence[Cell], columns: Sequence[str]) -> str:
    counts = []
    for column in columns:
        tried = [cell for cell in cells if cell.column == column and not cell.why_not]
        kept = sum(cell.outcome == KEPT for cell in tried)
        counts.append(f"<td>{kept} of {len(tried)}</td>")
    return f'<tfoot><tr><th scope="row">kept, of those tried</th>{"".join(counts)}</tr></tfoot>\n'
