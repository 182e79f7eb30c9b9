"""The tables of README and site: from approaches.toml and from published figures."""

from io import StringIO
from pathlib import Path

from pydantic import BaseModel
from rich.console import Console

from bench.table import BENCH, make_bench_table, read_benchmark
from lab.approaches import load_approaches
from lab.compare.figures import Figures
from lab.compare.figures_table import (
    TABLE_WIDTH,
    make_legend,
    make_markdown_table,
    make_terminal_table,
)
from lab.load.plan import Plan
from lab.machine import Machine
from lab.results import to_markdown
from lab.survival.files import JSON as SURVIVAL
from lab.survival.files import KILLS_JSON, RandomKills, Survival, make_kills_page, make_page
from lab.survival.matrix import make_matrix

from .drawn import matrix
from .drawn.charts import make_chart

RESULTS = Path("docs/results")
COMPARE = "compare.json"
FIRST_ROWS = {
    "kill9_api",
    "sigterm_api_long",
    "two_apis",
    "kill9_worker",
    "mail_down",
    "overload",
}
PROMISES = {
    "survives_api_kill": "Accepted jobs survive `kill -9` of the API",
    "survives_worker_kill": "… and of the process that runs them",
    "drains_on_sigterm": "A stop lets running jobs end",
    "interrupts_at_deadline": "… until a deadline, and notes what it interrupts",
    "retries_transient_errors": "Temporary errors are tried again",
    "cancel": "Cancel",
    "idempotency_key": "`Idempotency-Key`: one task, one effect",
    "backpressure": "Too much work is refused with a 503",
    "priority": "Urgent jobs go first",
    "several_api_processes": "Status is right behind several API processes",
    "cpu_work_outside_api": "CPU-bound work leaves the API process",
}


class Comparison(BaseModel):
    """The content of `compare.json`."""

    machine: Machine
    plan: Plan
    approaches: list[Figures]


def make_approaches(root: Path) -> str:
    """Return the table of the approaches, one a row."""
    rows = [
        f"| [{each.name}]({each.folder}/README.md) | **{each.title}** | {each.summary} |\n"
        for each in load_approaches(root).values()
    ]
    return "| Folder | Pattern | Where the work runs |\n|---|---|---|\n" + "".join(rows)


def make_promises(root: Path) -> str:
    """Return the table of promises, an approach a column."""
    approaches = load_approaches(root).values()
    rows = [
        [words, *("**yes**" if each.promises[key] else "no" for each in approaches)]
        for key, words in PROMISES.items()
    ]
    return to_markdown(["Promise", *(each.title for each in approaches)], rows, others=":---:")


def make_printed_table(root: Path) -> str:
    """Return the table of the published comparison as `make compare` printed it."""
    comparison = _read_comparison(root)
    screen = StringIO()
    console = Console(file=screen, width=TABLE_WIDTH, color_system=None)
    console.print(make_terminal_table(comparison.approaches))
    lines = "\n".join(line.rstrip() for line in screen.getvalue().splitlines())
    return f"```text\n{lines.rstrip()}\n```\n\n{comparison.plan}.\n{comparison.machine}.\n"


def make_compare_page(root: Path) -> str:
    """Return the published comparison as a Markdown table with its legend."""
    comparison = _read_comparison(root)
    table = make_markdown_table(comparison.approaches)
    return f"{table}\n{comparison.plan}.\n{comparison.machine}.\n\n{make_legend()}"


def make_bench_page(root: Path) -> str:
    """Return the published benchmark as a Markdown table."""
    benchmark = read_benchmark(root / RESULTS / BENCH)
    return make_bench_table(benchmark.rows, benchmark.machine, benchmark.rounds)


def make_survival(root: Path) -> str:
    """Return the published matrix, with the figures of each cell on demand."""
    survival = _read_survival(root)
    made = matrix.make_matrix(survival.cells)
    return f"{matrix.make_legend()}{made}{survival.conditions}.\n{survival.machine}.\n"


def tell_survival(root: Path) -> str:
    """Return the published matrix and every figure of it as Markdown."""
    return make_page(_read_survival(root))


def make_survival_row(root: Path, fault: str) -> str:
    """Return one row of the published matrix, for a page that explains it."""
    cells = [cell for cell in _read_survival(root).cells if cell.fault == fault]
    return matrix.make_row(cells)


def tell_survival_row(root: Path, fault: str) -> str:
    """Return the same as Markdown."""
    return make_matrix([cell for cell in _read_survival(root).cells if cell.fault == fault])


def make_survival_rows(root: Path) -> str:
    """Return the rows of the published matrix that tell the most, for the first screen."""
    survival = _read_survival(root)
    cells = [cell for cell in survival.cells if cell.fault in FIRST_ROWS]
    return f"{make_matrix(cells)}\n{survival.machine}.\n"


def make_survival_kills(root: Path) -> str:
    """Return what came of the published kills at random."""
    text = (root / RESULTS / KILLS_JSON).read_bytes()
    return make_kills_page(RandomKills.model_validate_json(text))


def make_compare_charts(root: Path) -> str:
    """Return the figures of the published comparison that differ most, as bars."""
    rows = _read_comparison(root).approaches
    arrived = [
        (row.title, row.arrived_after_kill.seen, str(row.arrived_after_kill)) for row in rows
    ]
    worst = [(row.title, row.worst_healthz_ms, f"{row.worst_healthz_ms:.0f} ms") for row in rows]
    return make_chart("E-mails that arrived although the API was killed with -9", arrived) + (
        make_chart("Slowest answer of /healthz while the jobs ran", worst)
    )


def make_code_lines(root: Path) -> str:
    """Return how much code each approach leaves to its owner, as bars."""
    rows = _read_comparison(root).approaches
    lines = [(row.title, row.code_lines, f"{row.code_lines:,}") for row in rows]
    return make_chart("Lines of code that are yours", lines)


def _read_survival(root: Path) -> Survival:
    return Survival.model_validate_json((root / RESULTS / SURVIVAL).read_bytes())


def _read_comparison(root: Path) -> Comparison:
    return Comparison.model_validate_json((root / RESULTS / COMPARE).read_bytes())
