"""Runs checks: one, or several at once; whatever the app does, a verdict comes back."""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from lab.approaches import ROOT
from lab.errors import LabError
from lab.processes.group import Processes

from .course import Exercise
from .kit import START_S, Kit
from .verdict import Missed, Verdict

LOGS = ROOT / "var" / "workshop"


@contextmanager
def checking_room() -> Iterator[Processes]:
    """Make a folder and a set of processes for checks; nothing of either is left after it."""
    with (
        tempfile.TemporaryDirectory(prefix="workshop-", ignore_cleanup_errors=True) as folder,
        Processes(folder, say=lambda text: None, grace_s=0) as processes,
    ):
        yield processes


def check(
    exercise: Exercise, room: Processes, file: Path | None = None, *, start_s: float = START_S
) -> Verdict:
    """Check the learner's app of this exercise, or another file in its place."""
    file = file or exercise.app
    started = time.monotonic()
    if not file.exists():
        return Verdict(False, 0, f"a file {file.name}", "none; `workshop reset` brings it back")
    with tempfile.TemporaryDirectory(dir=room.data_dir, ignore_cleanup_errors=True) as folder:
        try:
            _run(exercise, Kit(file, room, Path(folder), start_s=start_s))
        except Missed as missed:
            return Verdict(False, time.monotonic() - started, missed.expected, missed.seen)
        except LabError as error:
            return Verdict(False, time.monotonic() - started, "the check to run", str(error))
        except Exception as error:  # noqa: BLE001  # an answer of a shape that no check foresaw
            spent_s = time.monotonic() - started
            return Verdict(False, spent_s, "answers as the README describes them", repr(error))
    return Verdict(True, time.monotonic() - started)


def _run(exercise: Exercise, kit: Kit) -> None:
    with kit:
        try:
            exercise.check(kit)
        finally:
            _keep_log(exercise, kit)


def check_several(
    exercises: Iterable[Exercise], at_once: int, say: Callable[[Exercise, Verdict], None]
) -> bool:
    """Check several apps side by side, say each verdict as it comes, tell whether all passed."""
    with checking_room() as room, ThreadPoolExecutor(at_once) as threads:
        # The later ones take longer: begun first, none of them is waited for at the end.
        course = reversed(list(exercises))
        running = {threads.submit(check, each, room): each for each in course}
        passed = []
        for done in as_completed(running):
            say(running[done], done.result())
            passed.append(done.result().passed)
    return all(passed)


def _keep_log(exercise: Exercise, kit: Kit) -> None:
    if kit.file == exercise.app.resolve():
        LOGS.mkdir(parents=True, exist_ok=True)
        (LOGS / f"{exercise.id}.log").write_text(kit.log_text(), encoding="utf-8")
