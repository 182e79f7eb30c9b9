"""`make 01` opens the page with one lane, on the processes that the terminal shows."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.lab.run.conftest import LabRun, start
from tests.support.stand_ins import running
from tests.support.waiting import wait_until

from .conftest import open_client, play, troubles

__all__ = ["start"]  # a fixture of that room


def play_one(client: httpx.Client, preset: str) -> dict[str, Any]:  # Any: the facts of a result
    """Play a preset and return its one result."""
    recording = play(client, preset, jobs=4, length_s=0.2)
    assert troubles(recording) == []
    [result] = recording.results.values()
    return result


@pytest.mark.parametrize(
    ("name", "outcome", "told"),
    [
        ("01", "lost 4", "was killed by signal 9. 4 jobs were running: lost."),
        ("03", "kept", "kept, as they are with the worker and the broker."),
    ],
)
def test_one_lane_plays_on_the_processes_of_the_terminal(
    start: Callable[[str], LabRun], name: str, outcome: str, told: str
) -> None:
    run = start(name)
    with open_client(run.url("Live page")) as client:
        presets = client.get("/api/state").json()["presets"]
        assert {len(preset["lanes"]) for preset in presets} == {1}

        worked, killed = play_one(client, "work"), play_one(client, "kill9_api")

    assert (worked["done"], worked["as_promised"]) == (4, True)
    assert (killed["outcome"], killed["as_promised"]) == (outcome, True)
    run.wait_for_line(told)
    assert run.count("accepted") == 8  # in the ledger of the app that the terminal shows
    pids = run.process.below()
    run.send(signal.SIGINT)
    assert run.process.wait(60) == 0
    wait_until("no process is left", lambda: running(pids), lambda left: not left)


def test_limits_of_a_preset_end_with_it(start: Callable[[str], LabRun]) -> None:
    run = start("02")
    with open_client(run.url("Live page")) as client:
        two, many = play_one(client, "two_apis"), play_one(client, "overload")

    assert (two["outcome"], two["as_promised"]) == ("unknown 4", True)
    assert many["refused"] > 0
    assert many["as_promised"]
    run.post_slow_emails(9, delay_s=60)  # one more than the preset lets run at the same time


def test_queue_with_a_file_is_the_lane_that_keeps_its_jobs(
    start: Callable[[str], LabRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUEUE_DB", str(tmp_path / "queue.sqlite"))
    monkeypatch.setenv("QUEUE_LEASE_S", "2")
    run = start("04")
    with open_client(run.url("Live page")) as client:
        killed, twice = play_one(client, "kill9_api"), play_one(client, "twice")

    assert (killed["outcome"], killed["as_promised"]) == ("kept", True)
    assert (twice["outcome"], twice["as_promised"]) == ("kept", True)
    assert twice["started_twice"] > 0
