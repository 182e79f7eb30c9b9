"""Draws the pictures of the site from `docs/pictures.toml`: where a job is, and what keeps it.

One language for all: a rounded box is a process, a cylinder outlives processes, a ring is an event
loop, a small square is a job. Plain SVG that takes its colours from the page, in light and dark.
"""

import tomllib
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

PICTURES = Path("docs/pictures.toml")
WIDTH_PX = 420
JOB_PX = 26
SIGNS = {
    "waiting": "M8 13h10",
    "running": "M10 7.5l9 5.5-9 5.5z",
    "done": "M7 13.5l4 4 8-9",
    "lost": "M8 8l10 10M18 8l-10 10",
    "cut": "M9.5 8v10M16.5 8v10",
}


def make_picture(root: Path, name: str) -> str:
    """Return the picture called `name` as a figure, and in words below it."""
    facts = load_pictures(root)[name]
    words = "".join(f"<li>{escape(each)}</li>\n" for each in facts["words"])
    return (
        f'\n<figure class="picture">\n{draw(facts)}'
        f"<figcaption>{escape(facts['title'])}</figcaption>\n"
        f"<details><summary>The same in words</summary>\n<ul>\n{words}</ul></details>\n"
        "</figure>\n\n"
    )


def make_small_picture(root: Path, name: str) -> str:
    """Return the picture alone, for a card that says the rest."""
    drawn = draw(load_pictures(root)[name]).replace("\n", "")
    return f'<div class="picture small">{drawn}</div>'


def tell_picture(root: Path, name: str) -> str:
    """Return the picture in words, as Markdown."""
    facts = load_pictures(root)[name]
    return f"{facts['title']}:\n\n" + "".join(f"- {each}\n" for each in facts["words"])


def load_pictures(root: Path) -> dict[str, Any]:
    """Read all pictures; Any: the shape that the file says."""
    return tomllib.loads((root / PICTURES).read_text(encoding="utf-8"))


def draw(facts: dict[str, Any]) -> str:
    """Return the SVG of a picture."""
    parts = "\n".join(_draw_line(line) for line in facts["draw"])
    return (
        f'<svg viewBox="0 0 {WIDTH_PX} {facts["height"]}" role="img"'
        f' aria-label="{escape(facts["title"])}">\n{parts}\n</svg>\n'
    )


def _draw_line(line: str) -> str:
    place, _, words = line.partition("|")
    kind, *numbers = place.split()
    kind, _, state = kind.partition("-")
    return DRAWN[kind](state, [float(number) for number in numbers], escape(words.strip()))


def _process(state: str, at: list[float], words: str) -> str:
    x, y, width, height = at
    return (
        f'<rect class="process {state}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
        f' rx="9"/>{_label(x + 10, y + 17, words, "place")}'
    )


def _disk(state: str, at: list[float], words: str) -> str:
    x, y, width, height = at
    bow = 8
    right, low = x + width, y + height
    return (
        f'<path class="disk {state}" d="M{x:g} {y + bow:g}v{height - 2 * bow:g}'
        f"a{width / 2:g} {bow} 0 0 0 {width:g} 0V{y + bow:g}"
        f"A{width / 2:g} {bow} 0 0 0 {x:g} {y + bow:g}"
        f'A{width / 2:g} {bow} 0 0 0 {right:g} {y + bow:g}"/>'
        f"{_label(x + width / 2, low - 10, words, 'middle place')}"
    )


def _box(state: str, at: list[float], words: str) -> str:
    x, y, width, height = at
    return (
        f'<rect class="box {state}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
        f' rx="6"/>{_label(x + width / 2, y + height / 2 + 4.5, words, "middle")}'
    )


def _loop(state: str, at: list[float], words: str) -> str:
    x, y, radius = at
    turn = radius * 0.7
    return (
        f'<circle class="loop {state}" cx="{x:g}" cy="{y:g}" r="{radius:g}"/>'
        f'<path class="tip" d="M{x + turn - 6:.1f} {y - turn - 4:.1f}l9 3-7 7z"/>'
        f"{_label(x, y + radius + 15, words, 'middle')}"
    )


def _job(state: str, at: list[float], words: str) -> str:
    x, y = at
    sign = f'<path class="sign" d="{SIGNS[state]}"/>'
    letter = f'<text class="letter" x="13" y="17.5">{words}</text>'
    return (
        f'<g class="job-{state}" transform="translate({x:g} {y:g})"><rect width="{JOB_PX}"'
        f' height="{JOB_PX}" rx="6"/>{letter if words else sign}</g>'
    )


def _arrow(state: str, at: list[float], words: str) -> str:
    x1, y1, x2, y2 = at
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    dx, dy = (x2 - x1) / length, (y2 - y1) / length
    back_x, back_y = x2 - 8 * dx, y2 - 8 * dy
    tip = f"{x2:.1f},{y2:.1f} {back_x - 4 * dy:.1f},{back_y + 4 * dx:.1f}"
    tip += f" {back_x + 4 * dy:.1f},{back_y - 4 * dx:.1f}"
    return (
        f'<line class="call {state}" x1="{x1:g}" y1="{y1:g}" x2="{back_x:.1f}" y2="{back_y:.1f}"/>'
        f'<polygon class="tip" points="{tip}"/>'
        f"{_label((x1 + x2) / 2, (y1 + y2) / 2 - 6, words, 'middle')}"
    )


def _cut(state: str, at: list[float], words: str) -> str:
    x1, y1, x2, y2 = at
    place = (x1, min(y1, y2) - 6) if x1 == x2 else ((x1 + x2) / 2, y1 - 7)
    return (
        f'<line class="cut {state}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'
        f"{_label(*place, words, 'middle note')}"
    )


def _line(state: str, at: list[float], words: str) -> str:
    x1, y1, x2, y2 = at
    return f'<line class="lane {state}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'


def _bar(state: str, at: list[float], words: str) -> str:
    x, y, width = at
    sign = f'<path class="sign" transform="translate({x + width - 24:g} {y - 2:g})"'
    drawn = f'{sign} d="{SIGNS[state]}"/>' if state in SIGNS else ""
    return (
        f'<g class="job-{state}"><rect x="{x:g}" y="{y:g}" width="{width:g}" height="22" rx="5"/>'
        f"{drawn}</g>{_label(x + 8, y + 15.5, words, f'on-{state}')}"
    )


def _text(state: str, at: list[float], words: str) -> str:
    x, y = at
    return _label(x, y, words, state or "middle")


def _label(x: float, y: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{words}</text>' if words else ""


DRAWN: dict[str, Callable[[str, list[float], str], str]] = {
    "process": _process,
    "disk": _disk,
    "box": _box,
    "loop": _loop,
    "job": _job,
    "arrow": _arrow,
    "cut": _cut,
    "line": _line,
    "bar": _bar,
    "text": _text,
}
