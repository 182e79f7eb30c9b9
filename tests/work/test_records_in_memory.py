"""The records of tasks that 01 and 02 keep in memory."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from scenarios import TaskStatus
from scenarios.contract import Kind
from scenarios.status import forget_ended, now

TTL_S = 60.0


class Looked(dict[str, TaskStatus]):
    """Counts the records that somebody looks at."""

    def __init__(self, tasks: Iterable[TaskStatus]) -> None:
        super().__init__({task.task_id: task for task in tasks})
        self.looked = 0

    def values(self) -> Iterator[TaskStatus]:  # type: ignore[override]  # enough for a loop
        for task in super().values():
            self.looked += 1
            yield task


def make_task(name: str, ended_s_ago: float | None = None) -> TaskStatus:
    task = TaskStatus(task_id=name, kind=Kind.EMAIL)
    if ended_s_ago is not None:
        task.finished_at = now() - timedelta(seconds=ended_s_ago)
    return task


def test_records_that_ended_too_long_ago_are_forgotten() -> None:
    tasks = Looked([make_task("runs"), make_task("old", 70), make_task("new", 50)])

    forget_ended(tasks, TTL_S)

    assert list(tasks) == ["runs", "new"]


def test_forgetting_does_not_look_at_every_record_that_is_kept() -> None:
    tasks = Looked([make_task("old", 70), *(make_task(str(n), 50) for n in range(1_000))])

    forget_ended(tasks, TTL_S)

    assert len(tasks) == 1_000
    assert tasks.looked == 2
