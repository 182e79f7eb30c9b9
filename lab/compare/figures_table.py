"""The table of figures, with one list of columns for the terminal, Markdown and the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rich import box
from rich.table import Table

from lab.results import to_markdown

from .figures import Figures

TABLE_WIDTH = 80
Row = TypeVar("Row")


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A heading with its unit, what it means, and how its cells are written."""

    heading: str
    meaning: str
    cell: Callable[[Row], str]


COLUMNS: tuple[Column[Figures], ...] = (
    Column("approach", "folder", lambda row: row.approach),
    Column("jobs taken", "answered with 202", lambda row: str(row.accepted)),
    Column(
        "e-mails", "delivered exactly once, counted at the mail server", lambda row: str(row.emails)
    ),
    Column(
        "reports",
        "the PDF opens and its total equals the sum of the CSV",
        lambda row: str(row.reports),
    ),
    Column("photos", "the picture opens and has the asked size", lambda row: str(row.pictures)),
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
        "kill -9 kept",
        "e-mails in flight when the API was killed with -9: so many arrived after its new start",
        lambda row: str(row.arrived_after_kill),
    ),
    Column(
        "code lines",
        "Python of the folder, without blank lines, comments and docstrings",
        lambda row: str(row.code_lines),
    ),
)


def make_terminal_table(rows: Sequence[Figures]) -> Table:
    """Return a table of 80 characters; a row is called by its folder's number and variant."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    table.add_column("")
    for column in COLUMNS[1:]:
        table.add_column(column.heading.replace(" ", "\n"), justify="right", overflow="fold")
    for row in rows:
        name, *figures = (column.cell(row) for column in COLUMNS)
        folder, _, variant = name.partition("+")
        number = folder.partition("_")[0]
        table.add_row(f"{number}+{variant}" if variant else number, *figures)
    return table


def explain_table(rows: Sequence[Figures]) -> str:
    """Say in words which approach each row is, and what each column means."""
    names = [f"{row.approach}: {row.title}" for row in rows]
    meanings = [f"{column.heading}: {column.meaning}" for column in COLUMNS[1:]]
    return "".join(f"  {line}\n" for line in [*names, "", *meanings]).replace("  \n", "\n")


def make_markdown_table(rows: Sequence[Figures]) -> str:
    """Return the table as Markdown."""
    head = [column.heading for column in COLUMNS]
    return to_markdown(head, ([column.cell(row) for column in COLUMNS] for row in rows))


def make_legend() -> str:
    """Return a Markdown list of what the columns mean."""
    return "".join(f"- {column.heading}: {column.meaning}\n" for column in COLUMNS[1:])


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f}"
