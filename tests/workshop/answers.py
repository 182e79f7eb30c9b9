"""The wrong and the right apps of an exercise: changes of its starter or of its solution.

`answers.toml` has what the starter is told, and for each answer its reason, what it changes and,
where it is wrong, the sentence that it gets; … stands for anything.
"""

import tomllib
from dataclasses import dataclass

from workshop.course import Exercise

PASSED = "passed"


@dataclass(frozen=True)
class Answer:
    """One app that a learner might write; `sentence` is what its check says."""

    name: str
    why: str
    base: str
    change: list[tuple[str, str]]
    sentence: str

    def source(self, exercise: Exercise) -> str:
        """Return the whole app; every text that is replaced stands in it once."""
        base = exercise.starter if self.base == "starter" else exercise.solution
        source = base.read_text(encoding="utf-8")
        for old, new in self.change:
            assert source.count(old) == 1, f"{exercise.id} {self.name}: {old!r}"
            source = source.replace(old, new)
        return source


def load_answers(exercise: Exercise) -> tuple[str, list[Answer]]:
    """Return the sentence of the starter, and the answers, the wrong ones first."""
    found = tomllib.loads((exercise.folder / "answers.toml").read_text(encoding="utf-8"))
    answers = [Answer(name=name, **facts) for name, facts in found["wrong"].items()]
    answers += [
        Answer(name=name, sentence=PASSED, **facts) for name, facts in found["right"].items()
    ]
    return found["starter"], answers
