"""What the runner knows, and what each key does: no terminal, no threads."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from .course import HINTS, Exercise
from .files import reset, solve
from .progress import Progress
from .verdict import Verdict

BACKSPACE = "\x7f\x08"


class View(StrEnum):
    """What fills the screen."""

    TASK = "task"
    HINTS = "hints"
    LIST = "list"
    WHY = "why"
    SOLUTION = "solution"


@dataclass
class Session:
    """One learner at work on the exercises of a track."""

    exercises: list[Exercise]
    progress: Progress
    view: View = View.TASK
    verdict: Verdict | None = None
    checking: bool = False
    hints_shown: int = 0
    message: str = ""
    asked: str = ""  # the key that has to be pressed again
    typed: str = ""  # digits of an exercise to jump to
    page: int = 0  # of what is too long for the screen; counted on without end
    ended: bool = False
    _index: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        ids = [exercise.id for exercise in self.exercises]
        if self.progress.current in ids:
            self._index = ids.index(self.progress.current)
        self.progress.open(self.exercise.id)

    @property
    def exercise(self) -> Exercise:
        return self.exercises[self._index]

    @property
    def is_passed(self) -> bool:
        return self.verdict is not None and self.verdict.passed

    @property
    def passed_count(self) -> int:
        return sum(each.id in self.progress.passed for each in self.exercises)

    def take(self, verdict: Verdict) -> None:
        """Note the outcome of a check of the current exercise."""
        self.verdict, self.checking = verdict, False
        self.progress.note(self.exercise.id, verdict.passed)
        if self.view in (View.LIST, View.SOLUTION):  # is being read, and stays
            word = "passed" if verdict.passed else "does not pass yet; t shows why"
            self.message = f"{self.exercise.id.upper()} {word}."
            return
        if verdict.passed:
            self.view = View.WHY
        elif self.view == View.WHY:
            self.view = View.TASK

    def look_again(self) -> bool:
        """Notice what another terminal has done to the progress; tell whether it has."""
        if not self.progress.read():
            return False
        done = f"{self.passed_count} of {len(self.exercises)}"
        self.message = f"Another terminal has changed the progress: {done} passed now."
        return True

    def withdraw(self) -> None:
        """Forget a question that waits for its second key: the app was saved in between."""
        if self.asked:
            self.asked = self.message = ""

    def press(self, key: str) -> bool:
        """Do what a key asks for; return whether the current exercise has to be checked."""
        key = key.lower()
        again, self.asked, self.message = self.asked == key, "", ""
        if self.view == View.LIST and (key.isdigit() or key in "\r\n" or key in BACKSPACE):
            return self._type(key)
        if key in " b":
            self.page += 1 if key == " " else -1
            return False
        self.page = 0
        if key in "\x1b\r\nt":
            self.view = View.TASK
        elif key in "\x03\x04q":
            self.ended = True
        elif key in KEYS:
            return KEYS[key](self, again)
        return False

    def go(self, index: int) -> bool:
        """Open another exercise."""
        self._index = index
        self.view, self.verdict, self.hints_shown, self.page = View.TASK, None, 0, 0
        self.progress.open(self.exercise.id)
        return True

    def _show_hint(self, again: bool) -> bool:
        self.hints_shown = min(self.hints_shown + 1, HINTS)
        self.view = View.HINTS
        return False

    def _show_list(self, again: bool) -> bool:
        self.view, self.typed = View.LIST, ""
        return False

    def _check(self, again: bool) -> bool:
        return True

    def _next(self, again: bool) -> bool:
        if not self.is_passed and not again:
            return self._ask("n", "Not passed yet: press n again to leave it for later.")
        left = [n for n, each in enumerate(self.exercises) if each.id not in self.progress.passed]
        if not left:
            self.message = "All passed. `workshop check-all` looks at all of them once more."
            return False
        return self.go(next((n for n in left if n > self._index), left[0]))

    def _reset(self, again: bool) -> bool:
        if not again:
            return self._ask("r", "Put the broken app.py back? Press r again (a copy is kept).")
        kept = reset(self.exercise)
        self.message = f"Your version is kept in {kept.parent.name}/{kept.name}." if kept else ""
        self.verdict = None
        return True

    def _show_solution(self, again: bool) -> bool:
        if not self.is_passed and not again:
            question = "Not passed yet: press s again to see the solution all the same."
            return self._ask("s", question)
        self.view = View.SOLUTION
        return False

    def _show_why(self, again: bool) -> bool:
        if self.is_passed:
            self.view = View.WHY
        else:
            self.message = "The why comes when the check passes."
        return False

    def _type(self, key: str) -> bool:
        if key.isdigit() or key in BACKSPACE:
            self.typed = (self.typed + key)[-2:] if key.isdigit() else self.typed[:-1]
            return False
        wanted, self.typed = self.typed, ""
        for index, exercise in enumerate(self.exercises):
            if wanted and exercise.number == int(wanted):
                return self.go(index)
        self.message = f"No exercise {wanted} on this track." if wanted else ""
        return False

    def _ask(self, key: str, question: str) -> bool:
        self.asked, self.message = key, question
        return False


KEYS: dict[str, Callable[[Session, bool], bool]] = {
    "h": Session._show_hint,
    "l": Session._show_list,
    "c": Session._check,
    "n": Session._next,
    "r": Session._reset,
    "s": Session._show_solution,
    "w": Session._show_why,
}


def solve_before(exercise: Exercise, course: list[Exercise], progress: Progress) -> list[str]:
    """Put the solutions of all earlier exercises in place; return their ids."""
    earlier = [each for each in course if each.number < exercise.number]
    for each in earlier:
        solve(each)
        progress.note(each.id, True)
    progress.open(exercise.id)
    return [each.id for each in earlier]
