"""Which exercises are passed and which one is open: a small text file that anyone can read."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

HEAD = "# Progress of the workshop. Delete a line to forget it.\n"


@dataclass
class Progress:
    """`passed` holds ids such as e01; `current` is the exercise that the runner opens."""

    path: Path
    passed: set[str] = field(default_factory=set)
    current: str = ""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read progress.txt; what cannot be understood is left out."""
        return cls.read_file(folder / "progress.txt")

    @classmethod
    def read_file(cls, path: Path) -> Self:
        """Read the progress of anybody."""
        progress = cls(path)
        progress.read()
        return progress

    def read(self) -> bool:
        """Read the file again; tell whether another terminal has changed it."""
        before = self.passed, self.current
        lines = self.path.read_text("utf-8").splitlines() if self.path.exists() else []
        words = [line.strip().partition(" ") for line in lines]
        self.passed = {exercise for word, _, exercise in words if word == "passed"}
        self.current = next((each for word, _, each in words if word == "current"), "")
        return before != (self.passed, self.current)

    def note(self, exercise: str, passed: bool) -> None:
        """Write down the outcome of a check."""
        self.read()  # a command in another terminal may have written since
        (self.passed.add if passed else self.passed.discard)(exercise)
        self._save()

    def open(self, exercise: str) -> None:
        """Make this the current exercise."""
        self.read()
        self.current = exercise
        self._save()

    def _save(self) -> None:
        """Write the file; a crash in the middle leaves the old one."""
        lines = [f"passed {exercise}" for exercise in sorted(self.passed)]
        lines += [f"current {self.current}"] if self.current else []
        draft = self.path.with_suffix(".new")
        draft.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")
        draft.replace(self.path)
