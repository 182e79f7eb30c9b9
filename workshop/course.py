"""The exercises, in their order, with their tracks; each is a folder beside this file."""

import importlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from .errors import WorkshopError
from .kit import Kit

FOLDER = Path(__file__).resolve().parent
RUNGS = {
    "BackgroundTasks": range(1, 7),
    "asyncio.create_task": range(7, 10),
    "A queue of your own": range(10, 14),
    "Celery and Redis": range(14, 19),
    "Capstone": range(19, 20),
    "From a real shop": range(20, 28),
}
TRACKS = {
    "fast": {"e01", "e03", "e09", "e11", "e17"},
    "half": {f"e{number:02}" for number in range(1, 16)},
    "day": {f"e{number:02}" for number in range(1, 20)},
}
HINTS = 3


@dataclass(frozen=True)
class Exercise:
    """One folder: the app to repair, its story, hints, check and solution."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name.partition("_")[0]

    @property
    def number(self) -> int:
        return int(self.id[1:])

    @property
    def title(self) -> str:
        """The first heading of the README, without the number."""
        return self.readme.partition("\n")[0].partition(": ")[2]

    @property
    def rung(self) -> str:
        return next(name for name, numbers in RUNGS.items() if self.number in numbers)

    @property
    def app(self) -> Path:
        return self.folder / "app.py"

    @property
    def starter(self) -> Path:
        """The app as the learner finds it; `reset` copies it to `app`, which git ignores."""
        return self.folder / "starter.py"

    @property
    def needs_celery(self) -> bool:
        """Tell whether it is served with Valkey and a worker."""
        return "from celery import" in self.starter.read_text(encoding="utf-8")

    @property
    def solution(self) -> Path:
        return self.folder / "solution.py"

    @property
    def readme(self) -> str:
        return (self.folder / "README.md").read_text(encoding="utf-8")

    @property
    def why(self) -> str:
        return (self.folder / "why.md").read_text(encoding="utf-8")

    @property
    def hints(self) -> list[str]:
        """The texts under the headings of hints.md, from a nudge to nearly the answer."""
        text = (self.folder / "hints.md").read_text(encoding="utf-8")
        return [part.strip() for part in re.split(r"^## Hint \d$", text, flags=re.MULTILINE)[1:]]

    @property
    def check(self) -> Callable[[Kit], None]:
        """The function that raises Missed where the app under check falls short."""
        module = importlib.import_module(f"workshop.{self.folder.name}.check")
        return cast(Callable[[Kit], None], module.check)


def load_course(folder: Path = FOLDER) -> list[Exercise]:
    """Return the exercises in their order; one that was never opened gets its app.py."""
    course = [Exercise(path.parent) for path in sorted(folder.glob("e[0-9][0-9]_*/README.md"))]
    for each in course:
        if not each.app.exists():
            shutil.copyfile(each.starter, each.app)
    return course


def find_exercise(name: str, course: list[Exercise]) -> Exercise:
    """Return the exercise called `name`: e05, 5, or its folder; raise WorkshopError if none is."""
    number = name.lower().removeprefix("e").partition("_")[0]
    for exercise in course:
        if name == exercise.folder.name or (number.isdigit() and int(number) == exercise.number):
            return exercise
    known = f"{course[0].id} to {course[-1].id}" if course else "none"
    raise WorkshopError(f"no exercise {name!r}: they are {known}; `workshop list` shows them")


def pick_track(track: str | None, course: list[Exercise]) -> list[Exercise]:
    """Return the exercises of a track; without one all of them."""
    return [each for each in course if track is None or each.id in TRACKS[track]]
