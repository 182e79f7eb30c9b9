"""Puts other files in the place of a learner's app.py, and keeps a copy of what was there."""

import shutil
from datetime import datetime
from pathlib import Path

from .course import Exercise


def reset(exercise: Exercise) -> Path | None:
    """Put the broken app back; return the copy of the learner's, None if nothing was changed."""
    return _replace(exercise, exercise.starter)


def solve(exercise: Exercise) -> Path | None:
    """Put the solution in place of the app; return the copy of the learner's, as `reset` does."""
    return _replace(exercise, exercise.solution)


def is_changed(exercise: Exercise) -> bool:
    """Tell whether the app is no longer the one that the learner found."""
    return not exercise.app.exists() or exercise.app.read_bytes() != exercise.starter.read_bytes()


def _replace(exercise: Exercise, source: Path) -> Path | None:
    kept = _keep(exercise) if is_changed(exercise) and exercise.app.exists() else None
    shutil.copyfile(source, exercise.app)
    return kept


def _keep(exercise: Exercise) -> Path:
    folder = exercise.folder / "kept"
    folder.mkdir(exist_ok=True)
    moment = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S-%f")
    copy = folder / f"app-{moment}.py"
    shutil.copyfile(exercise.app, copy)
    return copy
