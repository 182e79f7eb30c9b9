"""A transcript is played as it stands: what changes from run to run is bound, all else compared."""

from pathlib import Path

import pytest

from lab.errors import LabError
from lab.steps.ladder import Step
from lab.steps.matching import match_all, match_start
from lab.steps.record import play, renew
from lab.steps.transcript import parse, write
from lab.steps.values import Bindings, make_shape

from .ladder import TRANSCRIPT, change


def differences(step: Step, folder: Path) -> list[str]:
    folder.mkdir()
    return [block.difference for block in play(step, folder, patience_s=3.0)]


def test_a_server_can_be_killed_by_the_id_that_it_printed_and_started_again(
    step: Step, tmp_path: Path
) -> None:
    assert differences(step, tmp_path / "run") == [""] * 5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('{"pid":4712}', '{"pid":4711}'),  # not the process that was killed
        ("api | asked in process 4712", "api | asked in process 4711"),
        ("api | Killed", "api | Terminated"),
        ("api | asked in process 4712", "...\napi | asked again in process 4712"),
        ("...\napi | asked in process 4712", ""),  # a line too much, in the end
    ],
)
def test_a_wrong_line_is_shown_beside_the_right_one(
    step: Step, tmp_path: Path, old: str, new: str
) -> None:
    change(step.transcript, old, new)

    found = [each for each in differences(step, tmp_path / "run") if each]

    assert len(found) == 1
    assert "expected" in found[0]
    assert "\n! " in found[0]


def test_what_is_wrong_is_written_anew_and_all_else_stays(step: Step) -> None:
    change(step.transcript, '{"pid":4712}', '{"pid":"4712"}')

    assert len(renew(step)) == 1
    assert step.transcript.read_text().startswith(TRANSCRIPT.lstrip().partition("# Another")[0])
    assert '{"pid":4712}' in step.transcript.read_text()
    assert renew(step) == []


@pytest.mark.parametrize("command", ["kill -9 1", "kill -TERM 4799", "pkill -9 fastapi"])
def test_a_process_of_somebody_else_is_never_signalled(
    step: Step, tmp_path: Path, command: str
) -> None:
    change(step.transcript, "kill -9 4711", command)

    with pytest.raises(LabError, match="process"):
        differences(step, tmp_path / "run")


def test_a_transcript_that_is_read_and_written_stays_as_it_is() -> None:
    text = "# One.\n$ curl a \\\n    -d b\nanswer\n# Between.\nworker | ...\n\n# Two.\n$ sleep 1\n"

    assert write(parse(text)) == text


@pytest.mark.parametrize(
    ("expected", "seen", "agree"),
    [
        ("took 2.01 s", "took 2.40 s", True),
        ("took 2.01 s", "took 0.01 s", False),  # it did not wait
        ("took 0.004 s", "took 2.01 s", False),  # it waited
        ("took 12 ms", "took 400 ms", True),
        ("HTTP/1.1 202 Accepted", "HTTP/1.1 200 OK", False),
        ("at 2026-11-26T10:00:00", "at 2027-01-01T23:59:59", True),
        ("ForkPoolWorker-1] sent", "ForkPoolWorker-2] sent", True),
        ('127.0.0.1:53410 - "GET', '127.0.0.1:40000 - "GET', True),
        ("8 jobs", "7 jobs", False),
        ("pid 10 and pid 11", "pid 20 and pid 20", False),
        ("pid 10 and pid 10", "pid 20 and pid 21", False),
    ],
)
def test_times_and_ids_may_differ_and_counts_may_not(expected: str, seen: str, agree: bool) -> None:
    assert bool(Bindings().match(expected, seen)) is agree, (make_shape(expected), make_shape(seen))


def test_lines_left_out_may_be_none_or_many() -> None:
    none = Bindings()

    assert match_all(["a", "...", "b"], ["a", "b"], none)
    assert match_all(["a", "...", "b"], ["a", "b", "x", "b"], none)
    assert not match_all(["a", "...", "b"], ["a", "b", "x"], none)
    assert match_start(["...", "b"], ["x", "b", "c"], none) == (2, none)


def test_a_value_is_the_same_in_a_later_command() -> None:
    bound = Bindings().match("in process 4711", "in process 5002")

    assert bound
    assert bound.translate("kill -9 4711 && echo 47110") == "kill -9 5002 && echo 47110"
    assert bound.translate("kill -9 -4711") == "kill -9 -5002"
    assert bound.translate("ab-4711") == "ab-4711"  # a part of another id
    assert bound.restore("process 5002 is gone") == "process 4711 is gone"
