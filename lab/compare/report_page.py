"""The page of a comparison: one file with charts that loads nothing else."""

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from string import Template

from lab.load.plan import Plan
from lab.machine import Machine

from .figures import Count, Figures
from .figures_table import COLUMNS
from .promises import HELD

TEMPLATE = Path(__file__).with_name("compare_page.html")
Value = Callable[[Figures], float | None]


def make_page(rows: Sequence[Figures], machine: Machine, plan: Plan, broken: Sequence[str]) -> str:
    """Return the HTML of the page; `broken` are the sentences about broken promises."""
    charts = [
        _chart(
            "Seconds until the last job ended",
            "From the first request. Shorter is better.",
            _bars(rows, "s", lambda row: row.last_job_ended_s),
        ),
        _chart(
            "Worst answer of /healthz, ms",
            "While the jobs ran; a blocked event loop shows here.",
            _bars(rows, "ms", lambda row: row.worst_healthz_ms),
        ),
        _chart(
            "Time to the 202, ms",
            "Upper bar: half of the requests were faster (p50). Lower bar: p99.",
            _bars(rows, "ms", lambda row: row.accept.p50_ms, lambda row: row.accept.p99_ms),
        ),
        _chart(
            "What survives kill -9 of the API",
            "Each square is an e-mail in flight; a filled one arrived after the restart.",
            _marks(rows),
        ),
    ]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        jobs=escape(str(plan)),
        machine=escape(str(machine).replace("`", "")),
        verdict=_verdict(broken),
        charts="\n".join(charts),
        table=_table(rows),
        legend="\n".join(
            f"<dt>{escape(column.heading)}</dt><dd>{escape(column.meaning)}</dd>"
            for column in COLUMNS[1:]
        ),
    )


def _verdict(broken: Sequence[str]) -> str:
    if not broken:
        return f'<p class="verdict">{escape(HELD)}</p>'
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in broken)
    return f'<div class="verdict broken">Broken promises:<ul>{items}</ul></div>'


def _chart(title: str, text: str, body: str) -> str:
    heading = f"<figcaption><h2>{escape(title)}</h2><p>{escape(text)}</p></figcaption>"
    return f'<figure>{heading}<ul class="bars">{body}</ul></figure>'


def _bars(rows: Sequence[Figures], unit: str, *values: Value) -> str:
    longest = max((value(row) or 0.0 for row in rows for value in values), default=0.0) or 1.0
    return "".join(
        f"<li>{_name(row)}"
        + "".join(_bar(value(row), unit, longest, second=bool(n)) for n, value in enumerate(values))
        + "</li>"
        for row in rows
    )


def _bar(value: float | None, unit: str, longest: float, *, second: bool) -> str:
    if value is None:
        return '<span class="track"></span><span class="value">never</span>'
    share, style = 100 * value / longest, "fill second" if second else "fill"
    digits = 1 if unit == "s" else 0
    bar = f'<span class="{style}" style="--share: {share:.1f}%"></span>'
    return f'<span class="track">{bar}</span><span class="value">{value:.{digits}f} {unit}</span>'


def _marks(rows: Sequence[Figures]) -> str:
    return "".join(f"<li>{_name(row)}{_squares(row.arrived_after_kill)}</li>" for row in rows)


def _squares(count: Count) -> str:
    full, empty = '<span class="mark full"></span>', '<span class="mark"></span>'
    squares = full * count.seen + empty * max(count.asked - count.seen, 0)
    value = f'<span class="value">{count.seen} of {count.asked}</span>'
    return f'<span class="marks" aria-hidden="true">{squares}</span>{value}'


def _name(row: Figures) -> str:
    return f'<span class="name">{escape(row.approach)}: {escape(row.title)}</span>'


def _table(rows: Sequence[Figures]) -> str:
    head = "".join(f'<th scope="col">{_unbroken(column.heading)}</th>' for column in COLUMNS)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    return f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody>"


def _cells(row: Figures) -> str:
    first, *others = (escape(column.cell(row)) for column in COLUMNS)
    return f'<th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in others)


def _unbroken(heading: str) -> str:
    """Keep a word with a hyphen on one line."""
    return escape(heading).replace("-", "\N{NON-BREAKING HYPHEN}")
