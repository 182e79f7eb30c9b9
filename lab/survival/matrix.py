"""The cells of a run as tables: the outcomes, every figure, and a picture of the outcomes."""

from collections.abc import Sequence
from html import escape

from lab.compare.figures_table import Column
from lab.machine import Machine
from lab.results import to_markdown

from .cell import MEANINGS, Cell
from .columns import load_columns
from .faults import FAULTS

ROW_PX, COLUMN_PX, NAMES_PX = 26, 150, 420
COLORS = {"kept": "#2e7d32", "lost": "#c62828", "twice": "#c62828", "late": "#ef6c00"}
OTHER_COLOR, NONE_COLOR = "#1565c0", "#9e9e9e"

FIGURES: tuple[Column[Cell], ...] = (
    Column("accepted", "jobs answered with 202", lambda cell: str(cell.accepted)),
    Column("refused", "requests answered otherwise", lambda cell: str(cell.refused)),
    Column("started", "jobs that began, by the ledger", lambda cell: str(cell.started)),
    Column("finished", "jobs whose effect was seen", lambda cell: str(cell.finished)),
    Column("lost", MEANINGS["lost"], lambda cell: str(cell.lost)),
    Column("late", MEANINGS["late"], lambda cell: str(cell.late)),
    Column("failed", MEANINGS["failed"], lambda cell: str(cell.failed)),
    Column("interrupted", MEANINGS["interrupted"], lambda cell: str(cell.interrupted)),
    Column("run twice", "jobs that began more than once", lambda cell: str(cell.run_twice)),
    Column("effects twice", MEANINGS["twice"], lambda cell: str(cell.effects_twice)),
    Column("slowest 202 s", "request to 202", lambda cell: _number(cell.slowest_202_s, 2)),
    Column(
        "slowest refusal s",
        "request to any other answer",
        lambda cell: _number(cell.slowest_refusal_s, 2),
    ),
    Column("stop s", "from the signal to the end", lambda cell: _number(cell.stop_s, 1)),
    Column(
        "grew MiB",
        "memory of API and worker, without children, under overload, beyond that before it",
        lambda cell: _number(cell.grew_mb, 0),
    ),
    Column("recovered s", "from the fault to the last effect", lambda c: _number(c.recovered_s, 1)),
    Column(
        "worst /healthz ms",
        "slowest answer of the trial, asked every 25 ms",
        lambda cell: _number(cell.worst_healthz_ms, 0),
    ),
)


def make_matrix(cells: Sequence[Cell]) -> str:
    """Return the outcomes as Markdown: a fault a row, an approach a column."""
    columns, rows = _names(cells)
    by_place = {(cell.fault, cell.column): cell for cell in cells}
    titles = {name: column.title for name, column in load_columns().items()}
    lines = []
    for row in rows:
        seen = [by_place.get((row, column)) for column in columns]
        lines.append([FAULTS[row].title, *(cell.outcome if cell else "" for cell in seen)])
    return to_markdown(["fault", *map(titles.__getitem__, columns)], lines, others=":---:")


def make_legend() -> str:
    """Return what the words of the matrix mean."""
    return "".join(f"- {word}: {meaning}\n" for word, meaning in MEANINGS.items())


def make_figures(cells: Sequence[Cell]) -> str:
    """Return every figure as Markdown, a table for each fault, with the reasons for no trial."""
    _, rows = _names(cells)
    head, parts = ["approach", *(figure.heading for figure in FIGURES)], []
    for row in rows:
        mine = [cell for cell in cells if cell.fault == row]
        tried = [cell for cell in mine if not cell.why_not]
        lines = [[cell.column, *(figure.cell(cell) for figure in FIGURES)] for cell in tried]
        table = to_markdown(head, lines)
        parts.append(f"### {FAULTS[row].title}\n\n{table}\n{_reasons(mine)}")
    legend = "".join(f"- {figure.heading}: {figure.meaning}\n" for figure in FIGURES)
    return "\n".join([*parts, legend])


def make_svg(cells: Sequence[Cell], machine: Machine) -> str:
    """Draw the outcomes."""
    columns, rows = _names(cells)
    by_place = {(cell.fault, cell.column): cell for cell in cells}
    parts = [
        _text(NAMES_PX + COLUMN_PX * x, ROW_PX, name, "black") for x, name in enumerate(columns)
    ]
    for y, row in enumerate(rows, 2):
        parts.append(_text(4, ROW_PX * y, FAULTS[row].title.replace("`", ""), "black"))
        for x, column in enumerate(columns):
            if cell := by_place.get((row, column)):
                parts += _draw(cell, NAMES_PX + COLUMN_PX * x, ROW_PX * y)
    height_px = ROW_PX * (len(rows) + 3)
    parts.append(_text(4, height_px - 12, str(machine).replace("`", ""), "black"))
    width_px = NAMES_PX + COLUMN_PX * len(columns)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width_px} {height_px}"'
    return (
        f'{head} font-family="sans-serif" font-size="12" style="background: white">\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _draw(cell: Cell, x_px: int, y_px: int) -> list[str]:
    color = COLORS.get(cell.outcome.partition(" ")[0], OTHER_COLOR)
    box = (
        f'<rect x="{x_px}" y="{y_px - 17}" width="{COLUMN_PX - 4}" height="{ROW_PX - 3}"'
        f' fill="{NONE_COLOR if cell.why_not else color}"/>'
    )
    return [box, _text(x_px + 6, y_px, cell.outcome, "white")]


def _text(x_px: int, y_px: int, words: str, color: str) -> str:
    return f'<text x="{x_px}" y="{y_px}" fill="{color}">{escape(words)}</text>'


def _names(cells: Sequence[Cell]) -> tuple[list[str], list[str]]:
    """Return the columns and the rows, each once, in their order."""
    columns = dict.fromkeys(cell.column for cell in cells)
    rows = {cell.fault for cell in cells}
    return list(columns), [name for name in FAULTS if name in rows]


def _reasons(cells: Sequence[Cell]) -> str:
    reasons: dict[str, list[str]] = {}
    for cell in cells:
        if cell.why_not:
            reasons.setdefault(cell.why_not, []).append(cell.column)
    return "".join(f"Not tried on {', '.join(who)}: {why}.\n" for why, who in reasons.items())


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
