"""Draws the runner: 80 columns are enough, and every colour stands beside a word or a sign."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import Markdown
from rich.padding import Padding
from rich.rule import Rule
from rich.segment import Segment
from rich.syntax import Syntax
from rich.text import Text

from .course import HINTS, RUNGS, Exercise
from .progress import Progress
from .session import Session, View

WIDTH = 80
TITLE_LINES = 3
BAR = 30
HERE = "  >"  # before the current exercise, in the list
LINK = re.compile(r"\[([^]]+)\]\((https?://[^)]+)\)")
KEYS = "h hint  n next  l list  r reset  s solution  c check  t task  q quit"


@dataclass
class Screen:
    """The whole screen; with a `height` in lines it shows a page of what is too long for that."""

    session: Session
    height: int | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        session, exercise = self.session, self.session.exercise
        yield Text(f"\n  {exercise.id.upper()}  {exercise.title}\n", style="bold")
        below: list[RenderableType] = []
        if session.view in (View.TASK, View.HINTS, View.WHY):
            below.append(_draw_verdict(session))
        if session.view == View.LIST:  # beside whatever page of it is shown
            below.append(Text(f"  Number and Enter to open one: {session.typed}\n"))
        if session.message:
            below.append(Text(f"  {session.message}\n", style="bold yellow"))
        below += [Rule(style="dim"), _draw_status(session), Text(f"  {KEYS}", style="dim")]
        lines = [_strip(each) for each in console.render_lines(_draw_view(session), options)]
        room = len(lines)
        if self.height:
            taken = TITLE_LINES + len(console.render_lines(Group(*below), options))
            room = max(3, self.height - 1 - taken)
        if len(lines) <= room:
            yield Lines(lines)
        else:
            pages = math.ceil(len(lines) / (room - 1))
            page = (_find_here(lines) // (room - 1) + session.page) % pages
            yield Lines(lines[page * (room - 1) : (page + 1) * (room - 1)])
            yield Text(
                f"  -- page {page + 1} of {pages}: space for the next, b for the one before --"
            )
        yield from below


@dataclass
class Lines:
    """Lines that are drawn already."""

    lines: list[list[Segment]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines:
            yield from line
            yield Segment.line()


def draw(session: Session, height: int | None = None) -> RenderableType:
    """Return the whole screen, or as much of it as fits."""
    return Screen(session, height)


def draw_list(exercises: list[Exercise], progress: Progress, current: str = "") -> Text:
    """Return one line for each exercise, under the headings of the rungs."""
    text = Text()
    for rung in RUNGS:
        members = [each for each in exercises if each.rung == rung]
        if members:
            text.append(f"  {rung}\n", style="bold")
        for each in members:
            done = each.id in progress.passed
            here = HERE if each.id == current else " " * len(HERE)
            sign = "[x]" if done else "[ ]"
            style = "green" if done else ""
            text.append(f"{here} {sign} {each.id}  {each.title}\n", style=style)
    return text


def draw_group(exercises: list[Exercise], everybody: Mapping[str, Progress]) -> Text:
    """Return one line for each name: a sign for each exercise, in the order of the rungs."""
    rungs = [[each.id for each in exercises if each.rung == rung] for rung in RUNGS]
    width = max(8, *map(len, everybody)) + 1
    head = " ".join(
        rung[: len(ids)].ljust(len(ids)) for rung, ids in zip(RUNGS, rungs, strict=True)
    )
    text = Text(f"{'':{width}}{head}\n", style="bold")
    for name, progress in everybody.items():
        signs = ("".join("#" if each in progress.passed else "." for each in ids) for ids in rungs)
        text.append(f"{name:{width}}{' '.join(signs)}  {len(progress.passed):2}\n", style="default")
    return text


def to_text(renderable: RenderableType) -> str:
    """Return what is drawn as plain text of 80 columns."""
    screen = StringIO()
    Console(file=screen, width=WIDTH, color_system=None).print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in screen.getvalue().splitlines())


def _draw_status(session: Session) -> Text:
    count, done = len(session.exercises), session.passed_count
    full = round(BAR * done / count)
    bar = f"[{'#' * full}{'-' * (BAR - full)}] {done} of {count} passed"
    return Text(f"  {session.exercise.id.upper()}  {bar}   {session.exercise.rung}", style="cyan")


def _draw_view(session: Session) -> RenderableType:
    exercise = session.exercise
    match session.view:
        case View.LIST:
            return draw_list(session.exercises, session.progress, exercise.id)
        case View.HINTS:
            shown = exercise.hints[: session.hints_shown]
            text = "\n\n".join(
                f"**Hint {n} of {HINTS}.** {hint}" for n, hint in enumerate(shown, 1)
            )
            return _draw_markdown(text)
        case View.WHY:
            return _draw_markdown(exercise.why.partition("\n")[2])
        case View.SOLUTION:
            source = exercise.solution.read_text(encoding="utf-8").rstrip()
            return Group(
                Syntax(source, "python", theme="ansi_dark", background_color="default"),
                Text("\n  Press t to go back to your own.\n"),
            )
    return _draw_markdown(exercise.readme.partition("\n")[2])


def _draw_markdown(text: str) -> RenderableType:
    # Headings of a README are centred by default; a bold line reads better here.
    lines = [f"**{line[3:]}**" if line.startswith("## ") else line for line in text.splitlines()]
    # A link is relative to the file that it stands in; the reader is in the repository's folder.
    text = "\n".join(lines).replace("](../../", "](")
    # Addresses would fill the first page of a low terminal, so they stand at the end.
    addresses = "  \n".join(address for _, address in LINK.findall(text))
    text = LINK.sub(r"\1", text) + f"\n\n{addresses}"
    markdown = Markdown(text, code_theme="ansi_dark", hyperlinks=False)
    return Padding(markdown, (0, 2, 1, 2))


def _strip(line: list[Segment]) -> list[Segment]:
    """Drop the spaces at the end: copied, one behind a backslash would break the command."""
    while line and not line[-1].text.strip():
        line = line[:-1]
    return [*line[:-1], *(Segment(each.text.rstrip(), each.style) for each in line[-1:])]


def _find_here(lines: list[list[Segment]]) -> int:
    """Return the line of the current exercise; 0 where there is none."""
    texts = ("".join(segment.text for segment in line) for line in lines)
    return next((number for number, text in enumerate(texts) if text.startswith(HERE)), 0)


def _draw_verdict(session: Session) -> RenderableType:
    place = f"workshop/{session.exercise.folder.name}/app.py"
    verdict = session.verdict
    if session.checking:
        return Text(f"  ... checking {place}\n", style="cyan")
    if verdict is None:
        return Text(f"  Edit {place}: it is checked when you save.\n")
    if verdict.passed:
        said = f"  PASSED in {verdict.seconds:.0f} s. Press n for the next one.\n"
        return Text(said, style="bold green")
    text = Text("  NOT YET\n", style="bold red")
    for word, half in (("expected", verdict.expected), ("seen", verdict.seen)):
        text.append(f"  {word:9}", style="bold")
        text.append(f"{half}\n", style="default")
    text.append(f"\n  Edit {place}: it is checked when you save.\n", style="default")
    return text
