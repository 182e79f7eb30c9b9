"""The table of figures: its columns once, for the terminal, Markdown and the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rich import box
from rich.table import Table

from .figures import Figures

FULL_WIDTH = 98
Row = TypeVar("Row")


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A heading with its unit, what it means, and how its cell reads."""

    heading: str
    meaning: str
    cell: Callable[[Row], str]


COLUMNS: tuple[Column[Figures], ...] = (
    Column("approach", "folder", lambda row: row.approach),
    Column("accepted", "jobs answered with 202", lambda row: str(row.accepted)),
    Column(
        "e-mails", "delivered exactly once, counted at the mail server", lambda row: str(row.emails)
    ),
    Column(
        "reports",
        "the PDF opens and its total equals the sum of the CSV",
        lambda row: str(row.reports),
    ),
    Column("pictures", "the picture opens and has the asked size", lambda row: str(row.pictures)),
    Column(
        "accept p50 ms",
        "request to 202; one client sends all jobs at once, after one uncounted e-mail",
        lambda row: f"{row.accept.p50_ms:.0f}",
    ),
    Column(
        "accept p99 ms",
        "the slowest request, as there are fewer than 100",
        lambda row: f"{row.accept.p99_ms:.0f}",
    ),
    Column(
        "last job s",
        "from the first request until the last job ended",
        lambda row: _seconds(row.last_job_ended_s),
    ),
    Column(
        "worst /healthz ms",
        "slowest answer meanwhile, asked every 25 ms by its own process",
        lambda row: f"{row.worst_healthz_ms:.0f}",
    ),
    Column(
        "kill -9 arrived",
        "of the e-mails in flight when the API was killed and started again",
        lambda row: str(row.arrived_after_kill),
    ),
    Column(
        "code lines",
        "Python of the folder, without blank lines, comments and docstrings",
        lambda row: str(row.code_lines),
    ),
)


def make_terminal_table(rows: Sequence[Figures], width: int) -> Table:
    """Return a table of 98 characters, or 78 on a narrower terminal: only the folders' numbers."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    narrow = width < FULL_WIDTH
    table.add_column("" if narrow else COLUMNS[0].heading)
    for column in COLUMNS[1:]:
        table.add_column(column.heading.replace(" ", "\n"), justify="right", overflow="fold")
    for row in rows:
        name, *figures = (column.cell(row) for column in COLUMNS)
        table.add_row(name.partition("_")[0] if narrow else name, *figures)
    return table


def make_markdown_table(rows: Sequence[Figures]) -> str:
    """Return the table as Markdown."""
    lines = [
        [column.heading for column in COLUMNS],
        ["---"] + ["---:"] * (len(COLUMNS) - 1),
        *([column.cell(row) for column in COLUMNS] for row in rows),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def make_legend() -> str:
    """Return a Markdown list of what the columns mean."""
    return "".join(f"- {column.heading}: {column.meaning}\n" for column in COLUMNS[1:])


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f}"
