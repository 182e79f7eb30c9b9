"""The generated tables of README and site: from approaches.toml and from published figures.

A block of a page stands between `<!-- name: start -->` and `<!-- name: end -->`; a test fails when
it is not what `make tables` would write.
"""

import re
import shutil
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path

from pydantic import BaseModel
from rich.console import Console

from bench.table import BENCH, make_bench_table, read_benchmark
from lab.approaches import ROOT, load_approaches
from lab.compare.figures import Figures
from lab.compare.figures_table import (
    TABLE_WIDTH,
    make_legend,
    make_markdown_table,
    make_terminal_table,
)
from lab.errors import LabError
from lab.load.plan import Plan
from lab.machine import Machine
from lab.survival.files import JSON as SURVIVAL
from lab.survival.files import KILLS_JSON, RandomKills, Survival, make_kills_page, make_summary
from lab.survival.matrix import make_figures, make_matrix

from .charts import make_chart
from .claims_table import make_claims, make_surprises
from .diagrams import make_diagram
from .diffs import make_diff
from .first_step import make_first_step
from .guide import make_guide
from .symptoms import make_symptoms

RESULTS = Path("docs/results")
COMPARE = "compare.json"
PUBLISHED = (COMPARE, BENCH, "bench.svg", SURVIVAL, "survival.svg", KILLS_JSON)
FIRST_ROWS = {
    "kill9_api",
    "sigterm_api_long",
    "two_apis",
    "kill9_worker",
    "outage_longer_than_lifetimes",
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
    head = ["Promise", *(each.title for each in approaches)]
    lines = [head, ["---"] + [":---:"] * len(approaches)]
    for key, words in PROMISES.items():
        lines.append([words, *("**yes**" if each.promises[key] else "no" for each in approaches)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


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
    """Return the published matrix of faults with its legend."""
    return make_summary(_read_survival(root))


def make_survival_matrix(root: Path) -> str:
    """Return the published matrix alone."""
    survival = _read_survival(root)
    return f"{make_matrix(survival.cells)}\n{survival.machine}.\n"


def make_survival_rows(root: Path) -> str:
    """Return the rows of the published matrix that tell the most, for the first screen."""
    survival = _read_survival(root)
    cells = [cell for cell in survival.cells if cell.fault in FIRST_ROWS]
    return f"{make_matrix(cells)}\n{survival.machine}.\n"


def make_survival_figures(root: Path) -> str:
    """Return every figure of the published matrix."""
    return make_figures(_read_survival(root).cells)


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


BLOCKS: dict[str, Callable[[Path], str]] = {
    "approaches": make_approaches,
    "promises": make_promises,
    "printed": make_printed_table,
    "compare": make_compare_page,
    "bench": make_bench_page,
    "claims": make_claims,
    "surprises": make_surprises,
    "survival": make_survival,
    "survival-matrix": make_survival_matrix,
    "survival-rows": make_survival_rows,
    "survival-figures": make_survival_figures,
    "survival-kills": make_survival_kills,
    "compare-charts": make_compare_charts,
    "code-lines": make_code_lines,
    "guide": make_guide,
    "symptoms": make_symptoms,
    "diff-01-02": partial(make_diff, old="01_background_tasks", new="02_asyncio_create_task"),
    "diff-02-04": partial(make_diff, old="02_asyncio_create_task", new="04_custom_queue"),
    "diff-01-03": partial(make_diff, old="01_background_tasks", new="03_celery"),
    "diagram-background-tasks": partial(make_diagram, name="background-tasks"),
    "diagram-create-task": partial(make_diagram, name="create-task"),
    "diagram-celery": partial(make_diagram, name="celery"),
    "first-step-01": partial(make_first_step, number="01"),
    "first-step-02": partial(make_first_step, number="02"),
    "first-step-03": partial(make_first_step, number="03"),
    "first-step-04": partial(make_first_step, number="04"),
    "diagram-where-work-runs": partial(make_diagram, name="where-work-runs"),
    "diagram-custom-queue": partial(make_diagram, name="custom-queue"),
}
BLOCK = re.compile(
    r"(<!-- (?P<name>[a-z0-9-]+): start -->\n).*?(<!-- (?P=name): end -->)", re.DOTALL
)


def refresh(text: str, root: Path = ROOT) -> str:
    """Return `text` with every generated block made anew."""
    return BLOCK.sub(lambda block: block[1] + BLOCKS[block["name"]](root) + block[3], text)


def pages(root: Path = ROOT) -> list[Path]:
    """Return the files that may hold generated blocks."""
    readmes = sorted(root.glob("0[0-9]_*/README.md"))
    return [root / "README.md", *readmes, *sorted((root / "docs").rglob("*.md"))]


def write_tables(publish: Path | None, root: Path) -> None:
    """Write the generated blocks of every page anew; take over the figures of a run first."""
    if publish:
        take_over(publish, root / RESULTS)
    for page in pages(root):
        old = page.read_text(encoding="utf-8")
        if (new := refresh(old, root)) != old:
            page.write_text(new, encoding="utf-8")
            print(f"wrote {page.relative_to(root)}")


def take_over(run: Path, results: Path) -> None:
    """Copy the figures of a run to where the tables are made from."""
    found = [run / name for name in PUBLISHED if (run / name).is_file()]
    if not found:
        raise LabError(f"no figures in {str(run)!r}: run `make compare`, `bench` or `survival`")
    for path in found:
        shutil.copy(path, results / path.name)


def _read_survival(root: Path) -> Survival:
    return Survival.model_validate_json((root / RESULTS / SURVIVAL).read_bytes())


def _read_comparison(root: Path) -> Comparison:
    return Comparison.model_validate_json((root / RESULTS / COMPARE).read_bytes())
