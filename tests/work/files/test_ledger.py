"""The ledger turns over at a size, loses no line of an open task, and cannot be forged."""

import json
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lab.ledger import read_ledger
from scenarios import ledger
from scenarios.contract import new_task_id
from tests.support.environment import environment

WRITER = """
import sys
from scenarios import ledger
for number in range(int(sys.argv[2])):
    ledger.record("started", sys.argv[1], number=number)
"""


@pytest.fixture
def small(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the ledger turn over as soon as it is asked to."""
    monkeypatch.setenv("LEDGER_MAX_BYTES", "1")
    with environment():
        return data_dir


def lines_of(data_dir: Path) -> Counter[str]:
    ours = Counter(event["task_id"] for event in ledger.read(data_dir))
    assert ours == Counter(event["task_id"] for event in read_ledger(data_dir))
    return ours


def set_back(data_dir: Path, task_id: str) -> None:
    """Let all that the ledger tells of a task have happened yesterday."""
    for path in data_dir.glob("ledger*.jsonl"):
        events = [json.loads(line) for line in path.read_text().splitlines()]
        for event in events:
            if event["task_id"] == task_id:
                event["wall"] = (datetime.now(UTC) - timedelta(days=1)).isoformat()
        path.write_text("".join(json.dumps(event) + "\n" for event in events))


def test_lines_of_forgotten_tasks_go_and_those_of_others_stay(small: Path) -> None:
    forgotten, ended, is_open, again = (new_task_id() for _ in range(4))
    for task_id in (forgotten, ended, is_open, again):
        ledger.record("accepted", task_id)
        ledger.record("started", task_id)
    for task_id in (forgotten, ended, again):
        ledger.record("failed", task_id)
    ledger.record("put back", again)
    for task_id in (forgotten, is_open, again):
        set_back(small, task_id)

    ledger.turn_over()
    ledger.record("finished", is_open)

    assert lines_of(small) == {ended: 3, is_open: 3, again: 4}


def test_small_ledger_is_left_alone(data_dir: Path) -> None:
    ledger.record("accepted", new_task_id())
    ledger.record("finished", new_task_id())

    ledger.turn_over()

    assert [path.name for path in data_dir.glob("ledger*.jsonl")] == ["ledger.jsonl"]


def test_it_shrinks_again_and_again(small: Path) -> None:
    is_open = new_task_id()
    ledger.record("accepted", is_open)
    for _ in range(5):
        task_id = new_task_id()
        ledger.record("accepted", task_id)
        ledger.record("finished", task_id)
        set_back(small, task_id)
        ledger.turn_over()

    assert lines_of(small) == {is_open: 1}
    assert len(list(small.glob("ledger*"))) <= 3


def test_no_line_of_several_writers_is_lost_or_doubled_while_it_turns_over(small: Path) -> None:
    tasks, count = [new_task_id() for _ in range(3)], 1500
    command = [sys.executable, "-c", WRITER]
    writers = [subprocess.Popen([*command, task_id, str(count)]) for task_id in tasks]
    seen: list[Counter[str]] = []
    reader = threading.Thread(target=lambda: seen.append(lines_of_any(small)))
    turns = 0
    reader.start()
    while any(writer.poll() is None for writer in writers):
        ledger.turn_over()
        turns += 1
    reader.join()

    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert turns > 3
    assert lines_of(small) == dict.fromkeys(tasks, count)
    for task_id in tasks:
        numbers = [e["number"] for e in ledger.read(small) if e["task_id"] == task_id]
        assert numbers == list(range(count))


def lines_of_any(data_dir: Path) -> Counter[str]:
    return Counter(event["task_id"] for event in read_ledger(data_dir))


@pytest.mark.parametrize("text", ['x"}\n{"event": "finished"', "a\u2028b\x85c\r\nd", "\x00\x1b[2J"])
def test_text_that_comes_in_stays_in_its_line(data_dir: Path, text: str) -> None:
    ledger.record("failed", text, error=text)

    assert len((data_dir / "ledger.jsonl").read_bytes().splitlines()) == 1
    [event] = ledger.read(data_dir)
    assert (event["event"], event["task_id"], event["error"]) == ("failed", text, text)
