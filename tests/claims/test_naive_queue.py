"""A queue of asyncio as tutorials build it: where it stands still, and what it does not tell."""

import asyncio
import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.claims.apps.naive_queue import NaiveQueue
from tests.claims.apps.steps import compute
from tests.queue.queue_unit import Jobs, Short, ended, known, new_task, opened, until
from tests.support.waiting import wait_until

from .conftest import Saw
from .serving import Server, serve

pytestmark = pytest.mark.anyio


async def settle(seconds: float = 0.2) -> None:
    await asyncio.sleep(seconds)


async def do_nothing() -> None:
    """End at once."""


async def test_c25_equal_priorities_kill_the_workers(saw: Saw) -> None:
    queue, gate = NaiveQueue(workers=2), asyncio.Event()
    await queue.start()

    accepted = await asyncio.gather(
        *(queue.enqueue(gate.wait) for _ in range(12)), return_exceptions=True
    )
    gate.set()
    await asyncio.wait(queue.workers, timeout=5)

    errors = [each for each in accepted if isinstance(each, TypeError)]
    deaths = [type(worker.exception()) for worker in queue.workers if worker.done()]
    assert len(errors) == 11
    assert deaths == [TypeError, TypeError]
    assert queue.count("queued") == 12
    saw(
        f"12 tasks of one priority: {len(errors)} calls raised TypeError, both workers died, and"
        f" {queue.count('queued')} tasks stay “queued” for ever."
    )


def test_c25_over_http_most_requests_fail_and_the_rest_never_runs(tmp_path: Path, saw: Saw) -> None:
    with serve(tmp_path, "naive") as server, ThreadPoolExecutor(20) as clients:
        statuses = list(clients.map(lambda _: post_job(server), range(20)))
        server.open("job")
        seen = wait_until(
            "no worker is left",
            lambda: server.get("/metrics").json(),
            lambda metrics: metrics["active_workers"] == 0,
        )

    assert statuses.count(500) > 0
    assert statuses.count(500) + statuses.count(200) == 20
    saw(
        f"Over HTTP: {statuses.count(500)} of 20 requests were a 500; then none of the 4 workers"
        f" was left, and {seen['queued']} tasks stay “queued”."
    )


def post_job(server: Server) -> int:
    return server.post("/jobs").status_code


async def test_c26_stop_forgets_what_is_queued(saw: Saw) -> None:
    queue, gate = NaiveQueue(workers=2), asyncio.Event()
    await queue.start()
    for priority in range(10):
        await queue.enqueue(gate.wait, priority)
    await until("both workers are busy", lambda: queue.count("running") == 2)

    stopping = asyncio.create_task(queue.stop(5))
    await settle()
    gate.set()
    await stopping
    late = await queue.enqueue(do_nothing, 99)

    assert (queue.count("complete"), queue.count("queued")) == (2, 9)
    assert queue.read_status(late) == {"status": "queued"}
    saw("stop() with 10 tasks: 2 complete, 8 “queued” for ever, and a later one still accepted.")


async def test_c27_results_are_kept_for_ever(saw: Saw) -> None:
    queue = NaiveQueue()
    await queue.start()

    for number in range(1000):
        await queue.enqueue(do_nothing, number)
    await until("all are done", lambda: queue.count("complete") == 1000)

    assert len(queue.results) == 1000
    await queue.stop(1)
    saw("After 1000 tasks 1000 results were in memory: none is ever dropped.")


async def test_c28_full_queue_keeps_callers_waiting(saw: Saw) -> None:
    queue = NaiveQueue(workers=0, size=1)
    await queue.enqueue(do_nothing, 1)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(queue.enqueue(do_nothing, 2), 0.2)

    assert queue.count("queued") == 2
    saw("The caller waited without end; when it gave up, its task stayed “queued” for ever.")


async def test_c29_computing_coroutines_run_one_by_one(saw: Saw) -> None:
    queue, events = NaiveQueue(workers=4), list[str]()

    async def compute_here() -> None:
        events.append("began")
        compute(0.05)
        events.append("ended")

    await queue.start()
    for number in range(4):
        await queue.enqueue(compute_here, number)
    await until("all are done", lambda: queue.count("complete") == 4)
    await queue.stop(1)

    assert events == ["began", "ended"] * 4
    saw("Four computing coroutines on four workers ran one after the other.")


async def test_c58_metrics_count_something_else(saw: Saw) -> None:
    queue = NaiveQueue(workers=4)
    await queue.start()
    for number in range(50):
        await queue.enqueue(do_nothing, number)
    await until("all are done", lambda: queue.count("complete") == 50)

    metrics = queue.read_metrics()
    await queue.stop(1)

    assert metrics == {"active_workers": 4, "pending_results": 50}
    saw(f"Nothing ran and all 50 were done: {metrics}.")


def test_c59_unknown_task_is_a_200(tmp_path: Path, saw: Saw) -> None:
    with serve(tmp_path, "naive") as server:
        answer = server.get("/jobs/never-seen")

    assert (answer.status_code, answer.json()) == (200, {"status": "unknown"})
    saw(f"GET of an id that never was: {answer.status_code} {answer.json()}.")


async def test_c60_time_limit_around_get_loses_nothing(saw: Saw) -> None:
    queue, got = asyncio.Queue[int](), 0

    for number in range(2000):
        asyncio.get_running_loop().call_later(0.0005, queue.put_nowait, number)
        try:
            await asyncio.wait_for(queue.get(), 0.0005)
            got += 1
        except TimeoutError:
            pass
    await settle()

    assert got + queue.qsize() == 2000
    saw(f"2000 items came just at the time limit: {got} were got, {queue.qsize()} waited, 0 lost.")


async def test_c60_cancel_is_swallowed_before_python_3_12(saw: Saw) -> None:
    queue, still_runs = asyncio.Queue[str](), 0

    async def work() -> None:
        while True:
            await asyncio.wait_for(queue.get(), 1)

    worker = asyncio.create_task(work())
    await settle(0.01)
    queue.put_nowait("item")
    await asyncio.sleep(0)
    worker.cancel()
    await settle(0.05)
    still_runs = not worker.done()
    worker.cancel()

    before_3_12 = sys.version_info < (3, 12)
    assert still_runs is before_3_12, f"Python {platform.python_version()} has changed wait_for"
    saw(f"cancel() as an item arrived: the worker {'ran on' if still_runs else 'stopped'}.")


async def test_c61_queue_of_this_repository_keeps_order_and_reports_its_end(saw: Saw) -> None:
    jobs = Jobs()
    async with opened(jobs, None, Short(workers=1, size=300)) as queue:
        tasks = [await queue.put(new_task("quick")) for _ in range(200)]
        await ended(queue, *tasks)
        ran = list(jobs.began)
        left = [await queue.put(new_task("held")) for _ in range(3)]
        await until("one of them runs", lambda: len(jobs.began) == 201)

        await queue.close(0)
        reported = [(await known(queue, task)).status.value for task in left]

    assert ran == [task.task_id for task in tasks]
    assert reported == ["interrupted"] * 3
    saw(
        "The queue of 04_custom_queue: 200 tasks of one priority ran in the order they came; at"
        " the end the running task and the two that waited were reported as interrupted."
    )
