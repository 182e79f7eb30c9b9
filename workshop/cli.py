"""The command `workshop`."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.syntax import Syntax

from lab.program import run_program

from . import doctor as doctors
from .checking import LOGS, check_several, checking_room
from .checking import check as check_one
from .course import FOLDER, Exercise, find_exercise, load_course, pick_track
from .errors import WorkshopError
from .files import reset as put_starter_back
from .files import solve as put_solution
from .progress import Progress
from .screen import WIDTH, draw_group, draw_list
from .screens import write_screens
from .serve import serve as serve_app
from .session import solve_before
from .verdict import Missed, Verdict
from .watch import watch as run_watch

app = typer.Typer(add_completion=False, help=__doc__)
Name = Annotated[str, typer.Argument(help="e05, 5, or the name of the folder.")]
Fast = Annotated[bool, typer.Option("--fast", help="The 90-minute track, five exercises.")]
Half = Annotated[bool, typer.Option("--half", help="The half-day track, E1 to E15.")]
Day = Annotated[bool, typer.Option("--day", help="The full day: E1 to E18 and the capstone.")]


def find_folder() -> Path:
    """Return the folder of the exercises: WORKSHOP_FOLDER, or this one."""
    return Path(os.environ.get("WORKSHOP_FOLDER", FOLDER)).resolve()


@app.callback(invoke_without_command=True)
def workshop(
    context: typer.Context, fast: Fast = False, half: Half = False, day: Day = False
) -> None:
    """Repair broken apps: watch them, get hints, see why. Without a command: `watch`."""
    if context.invoked_subcommand is None:
        watch(fast, half, day)


@app.command()
def watch(fast: Fast = False, half: Half = False, day: Day = False) -> None:
    """Show the current exercise and check it whenever it is saved."""
    chosen = [name for name, wanted in (("fast", fast), ("half", half), ("day", day)) if wanted]
    if len(chosen) > 1:
        raise WorkshopError(f"one track at a time, not {' and '.join(chosen)}")
    run_watch(pick_track(chosen[0] if chosen else None, load_course(find_folder())), make_console())


@app.command()
def check(name: Name) -> None:
    """Check one exercise; the code is 0 if it passes and 1 if not."""
    exercise = find(name)
    with checking_room() as room:
        verdict = check_one(exercise, room)
    note(exercise, verdict)
    if not verdict.passed:
        print(f"What it printed: {LOGS / exercise.id}.log")
        raise typer.Exit(1)


@app.command("check-all")
def check_all(
    at_once: Annotated[int, typer.Option(min=1, help="Checks side by side.")] = 8,
) -> None:
    """Check all exercises side by side; the code is 0 if all pass."""
    if not check_several(load_course(find_folder()), at_once, note):
        raise typer.Exit(1)


@app.command("list")
def show_list(
    word: Annotated[str, typer.Argument(help="Only titles with this word.")] = "",
) -> None:
    """List the exercises and which of them are passed."""
    progress = Progress.load(find_folder())
    found = [each for each in load_course(find_folder()) if word.lower() in each.title.lower()]
    if not found:
        raise WorkshopError(f"no title with {word!r}; `workshop list` shows them all")
    make_console().print(draw_list(found, progress, progress.current))


@app.command()
def hint(name: Name, step: Annotated[int, typer.Option(min=1, max=3)] = 1) -> None:
    """Show a hint; --step 3 nearly tells the answer."""
    print(find(name).hints[step - 1])


@app.command()
def reset(
    name: Annotated[str, typer.Argument(help="An exercise, or `all`.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Put the broken app.py back; a copy of yours is kept."""
    chosen = load_course(find_folder()) if name == "all" else [find(name)]
    if not yes and not typer.confirm(f"Put the broken app.py of {name} back?"):
        raise typer.Exit(1)
    for exercise in chosen:
        kept = put_starter_back(exercise)
        print(f"{exercise.id}: reset" + (f", your version is {kept}" if kept else ""))
        Progress.load(find_folder()).note(exercise.id, False)
    if name == "all":
        Progress.load(find_folder()).open(chosen[0].id)


@app.command()
def solution(
    name: Name,
    give_up: Annotated[bool, typer.Option("--give-up", help="Also before it passes.")] = False,
) -> None:
    """Show the solution and why it is one, once your own passes."""
    exercise = find(name)
    if exercise.id not in Progress.load(find_folder()).passed and not give_up:
        raise WorkshopError(f"{exercise.id} is not passed yet; --give-up shows it all the same")
    console = make_console()
    source = exercise.solution.read_text(encoding="utf-8")
    console.print(Syntax(source, "python", theme="ansi_dark", background_color="default"))
    console.print(exercise.why, markup=False)


@app.command()
def solve(
    before: Annotated[str, typer.Option(help="Solve all exercises before this one.")] = "",
    name: Annotated[str, typer.Argument(help="Solve this one.")] = "",
) -> None:
    """Put solutions in the place of your app.py, to catch up; copies of yours are kept."""
    progress = Progress.load(find_folder())
    if before:
        done = solve_before(find(before), load_course(find_folder()), progress)
        print(f"solved: {' '.join(done) or 'none'}; next: {find(before).id}")
    elif name:
        put_solution(find(name))
        print(f"solved: {find(name).id}; `workshop check {find(name).id}` looks at it")
    else:
        raise WorkshopError("which one? `workshop solve e05` or `workshop solve --before e07`")


@app.command()
def serve(
    name: Name,
    redis: Annotated[bool, typer.Option(help="Start Valkey and a worker if needed.")] = True,
    workers: Annotated[int, typer.Option(min=1, help="Processes of the API.")] = 1,
) -> None:
    """Run your app by hand, on port 8100 if it is free, until Ctrl-C."""
    try:
        serve_app(find(name), redis=redis, workers=workers)
    except Missed as missed:
        raise WorkshopError(f"{find(name).id}: {missed}") from None


@app.command()
def doctor() -> None:
    """Tell what of the workshop runs on this machine, and what does not, and why."""
    findings = []
    for finding in doctors.examine():
        findings.append(finding)
        well, what, found = finding
        print(f"{'ok ' if well else 'NO '} {what:26} {found}", flush=True)
    if not all(well for well, what, _ in findings if what != "terminal"):
        raise typer.Exit(1)


@app.command()
def group(
    folder: Annotated[Path, typer.Argument(help="It holds one progress.txt for each name.")],
) -> None:
    """Show how far everybody of a group is, from their collected progress.txt."""
    files = sorted(folder.glob("*.txt"))
    if not files:
        raise WorkshopError(f"no progress in {str(folder)!r}: it should hold ann.txt, bob.txt, …")
    everybody = {path.stem: Progress.read_file(path) for path in files}
    make_console().print(draw_group(load_course(find_folder()), everybody))


@app.command()
def screens() -> None:
    """Write the screens that the site shows anew, from real checks."""
    write_screens()


def find(name: str) -> Exercise:
    return find_exercise(name, load_course(find_folder()))


def note(exercise: Exercise, verdict: Verdict) -> None:
    Progress.load(find_folder()).note(exercise.id, verdict.passed)
    word = "PASSED " if verdict.passed else "NOT YET"
    said = f"in {verdict.seconds:.0f} s" if verdict.passed else str(verdict)
    print(f"{word} {exercise.id} {exercise.title}: {said}", flush=True)


def make_console() -> Console:
    """Return a console of 80 columns at most: long lines are hard to read."""
    console = Console(highlight=False)
    console.width = min(console.width, WIDTH)
    return console


def main() -> None:
    """Run the command line."""
    run_program("workshop", app)
