"""What the queue of 04 promises, in memory and on disk alike; without HTTP."""

import asyncio
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from scenarios.contract import Status
from tests.support.waiting import wait_until

from .custom_queue.job_queue import JobQueue, Limits, QueueFull, Task
from .custom_queue.memory import MemoryStore
from .queue_unit import Jobs, Short, ended, known, new_task, opened, until

pytestmark = pytest.mark.anyio


async def hold(queue: JobQueue, jobs: Jobs, workers: int) -> list[Task]:
    """Keep every worker busy."""
    held = [await queue.put(new_task("held", priority=99)) for _ in range(workers)]
    await until("every worker is busy", lambda: len(jobs.began) == workers)
    return held


async def test_highest_priority_runs_first_and_equals_in_their_order(
    jobs: Jobs, db: Path | None
) -> None:
    async with opened(jobs, db, Short(workers=1)) as queue:
        await hold(queue, jobs, 1)
        tasks = [await queue.put(new_task("quick", priority=n % 3)) for n in range(9)]

        jobs.gate.set()
        await ended(queue, *tasks)

    wanted = sorted(tasks, key=lambda task: -task.priority)
    assert jobs.began[1:] == [task.task_id for task in wanted]


async def test_task_that_waits_again_comes_before_those_that_came_after_it(
    jobs: Jobs, db: Path | None
) -> None:
    async with opened(jobs, db, Short(workers=2)) as queue:
        (first, *_) = await hold(queue, jobs, 2)
        flaky = await queue.put(new_task("flaky"))
        later = [await queue.put(new_task("held")) for _ in range(3)]
        await queue.cancel(first)
        await until("it waits again", lambda: flaky.task_id in jobs.told("retried"))
        await until("another is held", lambda: len(jobs.began) == 4)
        await asyncio.sleep(0.05)

        jobs.gate.set()
        await ended(queue, flaky, *later)

    order = [task_id for task_id in jobs.began[4:] if task_id != flaky.task_id]
    assert jobs.began[4] == flaky.task_id
    assert order == [task.task_id for task in later[1:]]


async def test_same_key_gives_the_earlier_task_also_after_its_end(
    jobs: Jobs, db: Path | None
) -> None:
    async with opened(jobs, db) as queue:
        tasks = [new_task("quick", key="a") for _ in range(10)]

        found = await asyncio.gather(*(queue.put(task) for task in tasks))
        await ended(queue, found[0])
        again = await queue.put(new_task("quick", key="a"))

    assert {task.task_id for task in [*found, again]} == {tasks[0].task_id}
    assert jobs.began == [tasks[0].task_id]


async def test_full_queue_refuses_and_takes_more_when_there_is_room(
    jobs: Jobs, db: Path | None
) -> None:
    async with opened(jobs, db, Short(size=3)) as queue:
        await hold(queue, jobs, 2)
        waiting = [await queue.put(new_task("quick", key=str(n))) for n in range(3)]

        with pytest.raises(QueueFull, match="full"):
            await queue.put(new_task("quick"))
        known = await queue.put(new_task("quick", key="0"))
        await queue.cancel(waiting[1])
        await queue.put(new_task("quick"))

    assert known.task_id == waiting[0].task_id


async def test_failure_is_tried_again_until_it_succeeds_or_attempts_end(
    jobs: Jobs, db: Path | None
) -> None:
    async with opened(jobs, db, Short(max_attempts=3)) as queue:
        tasks = [await queue.put(new_task(kind)) for kind in ("flaky", "broken", "hopeless")]

        flaky, broken, hopeless = await ended(queue, *tasks)

    assert (flaky.status, flaky.attempts, flaky.result) == (
        Status.SUCCEEDED,
        3,
        {"said": "at last"},
    )
    assert (broken.status, broken.attempts) == (Status.FAILED, 3)
    assert "ValueError: broken" in str(broken.error)
    assert (hopeless.attempts, hopeless.error) == (1, "trying again cannot help")
    assert jobs.told("retried").count(broken.task_id) == 2


@pytest.mark.parametrize("kind", ["held", "stubborn", "thread"])
async def test_job_that_takes_too_long_fails_and_its_worker_goes_on(
    jobs: Jobs, db: Path | None, kind: str
) -> None:
    async with opened(jobs, db, Short(workers=1, timeout_s=0.1)) as queue:
        late = await queue.put(new_task(kind))
        after = await queue.put(new_task("quick"))

        late, after = await ended(queue, late, after)

    assert (late.status, late.attempts) == (Status.FAILED, 1)
    assert late.error == "the job took longer than 0.1 s"
    assert after.status is Status.SUCCEEDED


async def test_each_job_has_its_own_time_limit(jobs: Jobs, db: Path | None) -> None:
    async with opened(jobs, db, Short(workers=2, timeout_s=0.3)) as queue:
        first = await queue.put(new_task("held"))
        await asyncio.sleep(0.2)
        second = await queue.put(new_task("held"))

        first, second = await ended(queue, first, second)

    assert {first.status, second.status} == {Status.FAILED}
    assert second.finished_at
    assert second.started_at
    assert second.finished_at - second.started_at > 0.2


async def test_cancelled_task_that_waits_never_runs(jobs: Jobs, db: Path | None) -> None:
    async with opened(jobs, db) as queue:
        await hold(queue, jobs, 2)
        waiting = await queue.put(new_task("quick"))

        assert await queue.cancel(waiting)
        assert not await queue.cancel(waiting)
        jobs.gate.set()
        after = await queue.put(new_task("quick"))
        await ended(queue, after)
        task = await known(queue, waiting)

    assert (task.status, task.attempts) == (Status.CANCELLED, 0)
    assert waiting.task_id not in jobs.began


@pytest.mark.parametrize("kind", ["held", "stubborn", "thread"])
async def test_cancelled_task_that_runs_is_stopped_and_stays_cancelled(
    jobs: Jobs, db: Path | None, kind: str
) -> None:
    async with opened(jobs, db, Short(workers=1)) as queue:
        running = await queue.put(new_task(kind))
        await until("it runs", lambda: jobs.began)

        assert await queue.cancel(running)
        after = await queue.put(new_task("quick"))
        await ended(queue, after)
        task = await known(queue, running)

    assert (task.status, task.result, task.error) == (Status.CANCELLED, None, None)
    assert jobs.told("cancelled") == [running.task_id]


async def test_cancel_ends_the_process_of_a_job_and_the_next_gets_a_new_one(
    jobs: Jobs, db: Path | None
) -> None:
    async with opened(jobs, db, in_process=True) as queue:
        running = await queue.put(new_task("process"))

        async def pid() -> int | None:
            task = await known(queue, running)
            return task.ran_in.pid if task.ran_in else None

        await until("it has begun", pid)
        before = await pid()
        await queue.cancel(running)
        (after,) = await ended(queue, await queue.put(new_task("pid")))

    assert before is not None
    assert after.result["pid"] not in (before, os.getpid())
    wait_until("the process is gone", lambda: not psutil.pid_exists(before))


async def test_killed_process_of_a_job_is_survived(jobs: Jobs, db: Path | None) -> None:
    async with opened(jobs, db, in_process=True) as queue:
        (first,) = await ended(queue, await queue.put(new_task("pid")))
        os.kill(first.result["pid"], signal.SIGKILL)

        (second,) = await ended(queue, await queue.put(new_task("pid")))

    assert second.status is Status.SUCCEEDED
    assert second.result != first.result


async def test_process_that_died_between_two_jobs_costs_no_attempt(
    jobs: Jobs, db: Path | None
) -> None:
    async with opened(jobs, db, in_process=True) as queue:
        (first,) = await ended(queue, await queue.put(new_task("pid")))
        os.kill(first.result["pid"], signal.SIGKILL)
        # Now `is_alive()` is wrong, as after two joins at once.
        await asyncio.to_thread(os.waitpid, first.result["pid"], 0)

        (second,) = await ended(queue, await queue.put(new_task("pid")))

    assert (second.status, second.attempts) == (Status.SUCCEEDED, 1)


async def test_metrics_are_true_in_each_state(jobs: Jobs, db: Path | None) -> None:
    async with opened(jobs, db) as queue:
        empty = await queue.metrics()
        held = await hold(queue, jobs, 2)
        waiting = [await queue.put(new_task("quick")) for _ in range(3)]
        await queue.put(new_task("hopeless"))
        await queue.cancel(waiting[0])
        await asyncio.sleep(0.01)
        busy = await queue.metrics()
        jobs.gate.set()
        await until("all have ended", lambda: len(jobs.told("failed")) == 1)
        await ended(queue, *held, *waiting)
        done = await queue.metrics()

    assert (empty.queued, empty.running, empty.oldest_queued_s) == (0, 0, 0)
    assert (busy.queued, busy.running, busy.workers) == (3, 2, 2)
    assert 0 < busy.oldest_queued_s < 20
    assert (done.queued, done.running, done.succeeded, done.failed) == (0, 0, 4, 1)
    assert done.oldest_queued_s == 0


async def test_close_lets_running_jobs_end(jobs: Jobs, db: Path | None) -> None:
    async with opened(jobs, db) as queue:
        (first, second) = await hold(queue, jobs, 2)
        closing = asyncio.create_task(queue.close(10))
        await asyncio.sleep(0.05)

        with pytest.raises(QueueFull):
            await queue.put(new_task("quick"))
        jobs.gate.set()
        await closing

    assert sorted(jobs.told("finished")) == sorted([first.task_id, second.task_id])


async def test_close_gives_up_at_its_deadline(jobs: Jobs, db: Path | None) -> None:
    async with opened(jobs, db) as queue:
        running = await hold(queue, jobs, 2)
        waiting = await queue.put(new_task("quick"))
        began = time.monotonic()
        await queue.close(0.1)

    assert time.monotonic() - began < 10
    ids = sorted(task.task_id for task in running)
    if db:
        assert sorted(jobs.told("requeued")) == ids
    else:
        assert sorted(jobs.told("interrupted")) == sorted([*ids, waiting.task_id])
    assert waiting.task_id not in jobs.began


async def test_close_does_not_wait_for_a_thread_that_hears_nothing(
    jobs: Jobs, db: Path | None
) -> None:
    async with opened(jobs, db) as queue:
        task = await queue.put(new_task("thread"))
        await until("it runs", lambda: jobs.began)

        began = time.monotonic()
        await queue.close(0)
        took_s = time.monotonic() - began
        await until("the thread has heard of it", lambda: jobs.stopped)

    assert took_s < 10
    assert task.task_id in jobs.told("requeued" if db else "interrupted")


async def test_jobs_that_never_wait_leave_turns_to_the_loop(jobs: Jobs) -> None:
    turns = 0
    async with opened(jobs, None, Short(size=5000)) as queue:
        tasks = [await queue.put(new_task("quick")) for _ in range(5000)]
        while len(jobs.told("finished")) < len(tasks):
            await asyncio.sleep(0)
            turns += 1

    assert turns > 5


async def test_memory_keeps_so_many_ended_tasks_for_so_long(jobs: Jobs) -> None:
    async with opened(jobs, None, Short(keep=5, keep_s=0.2)) as queue:
        tasks = [await queue.put(new_task("quick", key=str(n))) for n in range(20)]
        await until("all have ended", lambda: len(jobs.told("finished")) == 20)
        kept = [task for task in tasks if await queue.find(task.task_id)]
        counted = (await queue.metrics()).succeeded
        await asyncio.sleep(0.25)
        counted_later = (await queue.metrics()).succeeded
        again = await queue.put(new_task("quick", key="19"))

    assert kept == tasks[-5:]
    assert (counted, counted_later) == (5, 0)
    assert again not in tasks


async def test_cancelled_tasks_do_not_pile_up_behind_busy_workers() -> None:
    store = MemoryStore(Limits(size=10, keep=10), None, lambda task: None)
    before = count_tasks()

    for _ in range(2000):
        task = await store.add(new_task("quick"))
        await store.cancel(task.task_id)

    assert count_tasks() - before < 200


def count_tasks() -> int:
    """Count the tasks in the memory of this process."""
    gc.collect()
    return sum(isinstance(each, Task) for each in gc.get_objects())


@pytest.mark.parametrize("pause_s", [0, 0.002, 0.01, 0.05])
async def test_cancel_while_the_first_process_starts_leaves_no_second_one(
    jobs: Jobs, pause_s: float
) -> None:
    others = {child.pid for child in multiprocessing.active_children()}
    async with opened(jobs, None, Short(workers=3, processes=2), in_process=True) as queue:
        hanging = await queue.put(new_task("process"))
        await asyncio.sleep(pause_s)
        await queue.cancel(hanging)
        tasks = await ended(queue, *[await queue.put(new_task("pid")) for _ in range(6)])

        alive = {child.pid for child in multiprocessing.active_children()} - others

    assert {task.result["pid"] for task in tasks} <= alive
    assert len(alive) <= 2


ORPHANS = """
import asyncio, sys
from tests.queue.queue_unit import Jobs, Short, new_task, opened

async def main():
    jobs = Jobs()
    async with opened(jobs, None, Short(processes=2), in_process=True) as queue:
        tasks = [await queue.put(new_task("process")) for _ in range(2)]
        while not all(task.ran_in for task in tasks):
            await asyncio.sleep(0.01)
        print(*[task.ran_in.pid for task in tasks], flush=True)
        await asyncio.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_no_process_is_left_when_the_app_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS)
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, env=env) as app:
        assert app.stdout
        pids = [int(word) for word in app.stdout.readline().split()]

        app.kill()

    assert len(pids) == 2
    wait_until("both are gone", lambda: not any(psutil.pid_exists(pid) for pid in pids))
