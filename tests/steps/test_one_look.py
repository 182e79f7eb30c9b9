"""The steps of Celery answer with one state, also when the job goes on while they look."""

import importlib.util
from dataclasses import dataclass
from types import ModuleType

import pytest

from lab.steps.ladder import Step, find_steps


@dataclass
class GoesOn:
    """A result whose job fails between the first look and the second."""

    looks: int = 0

    @property
    def state(self) -> str:
        self.looks += 1
        return "STARTED" if self.looks == 1 else "FAILURE"

    @property
    def result(self) -> Exception:
        return ValueError("no '@' in the address")


def load(step: Step) -> ModuleType:
    spec = importlib.util.spec_from_file_location(step.path.stem, step.path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


STEPS = [step for step in find_steps() if step.short in {f"03/s{n}" for n in range(3, 8)}]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.short.replace("/", "-"))
def test_a_job_that_ends_between_two_looks_is_told_in_one_state(
    step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = load(step)
    job = module.run if hasattr(module, "run") else module.send_email
    monkeypatch.setattr(job, "AsyncResult", lambda task_id: GoesOn())
    monkeypatch.setattr(module.tasks, "hget", lambda name, task_id: "ann@example.com")

    told = module.read_task("some-id")

    assert (told.status, told.error) in {
        ("STARTED", None),
        ("FAILURE", "no '@' in the address"),
    }
