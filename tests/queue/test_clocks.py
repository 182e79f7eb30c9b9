"""The date of the machine is set back and forward while tasks wait, and while nobody runs."""

import time
from pathlib import Path

import pytest

from scenarios.contract import Status

from .custom_queue.job_queue import Task
from .queue_unit import Jobs, Short, ended, killed, known, new_task, opened, until

pytestmark = pytest.mark.anyio
HOUR_S, DAY_S = 3600.0, 86_400.0


class Clock:
    """The date as the code under test reads it."""

    def __init__(self) -> None:
        self._read, self.offset_s = time.time, 0.0

    def __call__(self) -> float:
        return self._read() + self.offset_s


def is_in_order(task: Task) -> bool:
    assert task.started_at
    assert task.finished_at
    return task.queued_at <= task.started_at <= task.finished_at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


@pytest.mark.parametrize("offset_s", [-HOUR_S, HOUR_S])
async def test_pause_before_a_retry_is_as_long_as_it_was(
    jobs: Jobs, db: Path | None, clock: Clock, offset_s: float
) -> None:
    async with opened(jobs, db, Short(retry_base_s=0.5)) as queue:
        task = await queue.put(new_task("flaky"))
        await until("it waits for its retry", lambda: jobs.told("retried"))

        clock.offset_s = offset_s
        began = time.monotonic()
        (found,) = await ended(queue, task)
        took_s = time.monotonic() - began

    assert (found.status, found.attempts) == (Status.SUCCEEDED, 3)
    assert 0.4 < took_s < 10
    assert is_in_order(found)


async def test_delay_is_as_long_as_it_was(jobs: Jobs, db: Path | None, clock: Clock) -> None:
    async with opened(jobs, db) as queue:
        task = await queue.put(new_task("quick", delay_s=1))

        clock.offset_s = -HOUR_S
        early = (await known(queue, task)).status
        (found,) = await ended(queue, task)

    assert (early, found.status) == (Status.QUEUED, Status.SUCCEEDED)


async def test_task_for_a_date_follows_the_date(jobs: Jobs, db: Path | None, clock: Clock) -> None:
    async with opened(jobs, db) as queue:
        task = await queue.put(new_task("quick", due=time.time() + HOUR_S))
        early = (await known(queue, task)).status

        clock.offset_s = HOUR_S + 1
        (found,) = await ended(queue, task)

    assert (early, found.status) == (Status.QUEUED, Status.SUCCEEDED)


async def test_what_ended_is_kept_as_long_as_it_was_to_be(
    jobs: Jobs, db: Path | None, clock: Clock
) -> None:
    async with opened(jobs, db, Short(keep_s=1.5)) as queue:
        (old,) = await ended(queue, await queue.put(new_task("quick")))

        clock.offset_s = DAY_S
        (new,) = await ended(queue, await queue.put(new_task("quick")))
        kept = await queue.find(old.task_id)
        clock.offset_s = -DAY_S

        async def both_are_forgotten() -> bool:
            found = [await queue.find(task.task_id) for task in (old, new)]
            return found == [None, None]

        await until("both are forgotten", both_are_forgotten)

    assert kept is not None


async def test_waiting_time_is_told_right(jobs: Jobs, db: Path | None, clock: Clock) -> None:
    async with opened(jobs, db, Short(workers=1)) as queue:
        await queue.put(new_task("held", priority=1))
        await until("the worker is busy", lambda: jobs.began)
        await queue.put(new_task("quick"))

        clock.offset_s = HOUR_S
        forward = (await queue.metrics()).oldest_queued_s
        clock.offset_s = -HOUR_S
        back = (await queue.metrics()).oldest_queued_s

    assert 0 < forward < 60
    assert forward < back < 60


async def test_date_set_back_while_nobody_runs_delays_nothing(tmp_path: Path, clock: Clock) -> None:
    db, first, second = tmp_path / "queue.sqlite", Jobs(), Jobs()
    async with opened(first, db, Short(retry_base_s=4)) as queue:
        flaky = await queue.put(new_task("flaky"))
        await until("it waits for its retry", lambda: first.told("retried"))
        db = killed(db)

    clock.offset_s = -HOUR_S
    async with opened(second, db, Short(retry_base_s=0.01)) as queue:
        (found,) = await ended(queue, flaky)

    assert found.status is Status.SUCCEEDED
    assert is_in_order(found)
