"""What the transcript of a step shows is what its servers print."""

from pathlib import Path

import pytest

from lab.steps.ladder import Step, find_steps
from lab.steps.record import play


@pytest.mark.timeout(300)  # some wait for what comes back after a crash
@pytest.mark.parametrize("step", find_steps(), ids=lambda step: step.short.replace("/", "-"))
def test_the_transcript_shows_what_the_step_prints(step: Step, tmp_path: Path) -> None:
    played = 0
    for block in play(step, tmp_path):
        assert not block.difference, f"\n{block.difference}"
        played += 1

    assert played > 1
