"""Keeps two screens of the runner as text for the site, from real checks of the first exercise."""

import shutil
import tempfile
from pathlib import Path

from lab.approaches import ROOT

from .checking import check, checking_room
from .course import load_course
from .progress import Progress
from .screen import draw, to_text
from .session import Session

SCREENS = ROOT / "docs" / "workshop" / "screens"


def make_screens() -> dict[str, str]:
    """Return the screens by file name: a check that fails, a hint, and one that passes."""
    course = load_course()
    first = course[0]
    with checking_room() as room, tempfile.TemporaryDirectory() as folder:
        session = Session(course, Progress(Path(folder) / "progress.txt"))
        session.take(check(first, room, first.starter))
        session.press("h")
        failed = to_text(draw(session))
        session.take(check(first, room, first.solution))
        return {"not_yet.txt": failed, "passed.txt": to_text(draw(session))}


def write_screens(folder: Path = SCREENS) -> None:
    """Write them anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in make_screens().items():
        (folder / name).write_text(text, encoding="utf-8")
