"""The records of tasks that 01 and 02 keep in memory."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from scenarios import Tasks, TaskStatus, get_settings
from scenarios.contract import Kind, Status

MANY = 20_000


@pytest.fixture(autouse=True)
def ledger_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "data_dir", tmp_path)


def accept(tasks: Tasks, *names: str) -> list[TaskStatus]:
    return [tasks.accept(name, Kind.EMAIL) for name in names]


def test_only_what_has_ended_is_forgotten() -> None:
    tasks = Tasks()
    _, ended = accept(tasks, "waits", "ended")
    ended.begin()
    ended.succeed({})
    time.sleep(0.01)

    forgotten = tasks.forget_ended(0.001)

    assert (forgotten, list(tasks)) == (["ended"], ["waits"])


def test_what_has_just_ended_is_kept() -> None:
    tasks = Tasks()
    (ended,) = accept(tasks, "ended")
    ended.cancel()

    assert tasks.forget_ended(60) == []


def test_of_very_many_the_newest_are_kept_and_all_that_have_not_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scenarios.in_memory.MOST_ENDED", 2)
    tasks = Tasks()
    _, *ended = accept(tasks, "waits", "first", "second", "third")
    for task in ended:
        task.cancel()

    forgotten = tasks.forget_ended(3600)

    assert (forgotten, list(tasks)) == (["first"], ["waits", "second", "third"])


def test_counts_are_true_in_each_state() -> None:
    tasks = Tasks()
    first, second, third, _ = accept(tasks, "a", "b", "c", "d")
    first.begin()
    second.begin()
    second.succeed({})
    third.begin()
    third.fail(ValueError("broken"))
    time.sleep(0.01)

    metrics = tasks.count(workers=None)
    first.cancel()
    later = tasks.count(workers=3)

    seen = (metrics.queued, metrics.running, metrics.succeeded, metrics.failed, metrics.workers)
    assert seen == (1, 1, 1, 1, None)
    assert 0 < metrics.oldest_queued_s < 10
    assert (later.running, later.workers) == (0, 3)


@pytest.mark.parametrize("by_s", [-3600, 3600])
def test_waiting_time_is_told_right_though_the_date_is_set(by_s: int) -> None:
    tasks = Tasks()
    (waits,) = accept(tasks, "waits")
    waits.queued_at -= timedelta(seconds=by_s)  # as the date of now sees it

    assert 0 < tasks.count(workers=None).oldest_queued_s < 60


def test_questions_cost_the_same_with_many_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenarios.ledger.record", lambda *facts, **more: None)
    monkeypatch.setattr("scenarios.status.logger.disabled", True)
    tasks = Tasks()
    for number in range(MANY):
        task = tasks.accept(str(number), Kind.EMAIL)
        task.begin()
        task.fail(ValueError("broken"))

    times = []
    for _ in range(100):
        began = time.perf_counter()
        assert tasks.count(workers=None).failed == MANY
        assert tasks.forget_ended(3600) == []
        times.append(time.perf_counter() - began)

    assert min(times) < 0.0003  # to look at each record takes 1 ms


def test_task_that_was_cancelled_while_it_waited_does_not_begin() -> None:
    (task,) = accept(Tasks(), "a")
    task.cancel()

    with pytest.raises(Exception, match="cancelled"):
        task.begin()

    assert (task.status, task.attempts) == (Status.CANCELLED, 0)
