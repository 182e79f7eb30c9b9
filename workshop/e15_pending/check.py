"""E15: unknown is 404, queued is 200, failed is 200 with its reason, also after a restart."""

import operator
from functools import partial

import psutil
from celery import states
from redis import Redis

from lab.processes.part import Part
from workshop.app_under_check import App
from workshop.chance import shuffled, some_count, some_names
from workshop.kit import Kit
from workshop.verdict import expect

REASON = "there is no 13th month"
BEGUN = states.READY_STATES | {states.STARTED, states.RETRY}
UNKNOWN = ["11111111-2222-3333-4444-555555555555", "no-such-task"]


def check(kit: Kit) -> None:
    kit.start_valkey()
    app = kit.start()

    expect_unknown(app, UNKNOWN)
    months = shuffled([*some_names(some_count(2, 3), "month-"), "undecember", "undecember"])
    tasks = [(create(app, month), month) for month in months]
    ids = [task_id for task_id, _ in tasks]
    expect(len(set(ids)) == len(ids), "an id of its own for each report", f"{len(set(ids))} ids")
    expect_queued(app, ids, "200 for a task that waits in the queue")
    app.part.kill9(group=True)
    app.part.launch()
    kit.wait_ready(app)
    expected = "200 for a task that waits in the queue, also after a restart of the API"
    expect_queued(app, ids, expected)

    with Redis.from_url(kit.redis_url) as redis:
        queued = int(str(redis.llen("celery")))
        expect(queued == len(tasks), "one task in the queue for each report", queued)
    worker = kit.start_worker()
    for task_id, month in tasks:
        expect_end(app, task_id, month)
    tasks.append(check_taken(kit, app, worker))
    first = tasks[0][0]
    near = f"{first[:-1]}{'0' if first[-1] != '0' else '1'}"  # one letter mistyped
    expect_unknown(app, [*UNKNOWN, near])
    for task_id, month in tasks:  # a second look sees the same
        expect_end(app, task_id, month)


def check_taken(kit: Kit, app: App, worker: Part) -> tuple[str, str]:
    """Stop the processes that run the tasks: one more is taken by the worker, and does not end."""
    [month] = some_names(1, "month-")
    children = [psutil.Process(pid) for pid in worker.children()]
    for child in children:
        child.suspend()
    try:
        task_id = create(app, month)
        with Redis.from_url(kit.redis_url) as redis:
            app.wait_until("the worker to take it", lambda: redis.llen("celery"), operator.not_, 10)
        expect_queued(app, [task_id], "200 for a task that a worker has taken and not ended")
    finally:
        for child in children:
            child.resume()
    expect_end(app, task_id, month)
    return task_id, month


def create(app: App, month: str) -> str:
    return str(app.post(f"/reports/{month}", status=202).get("task_id"))


def expect_unknown(app: App, ids: list[str]) -> None:
    for task_id in ids:
        unknown = app.get(f"/tasks/{task_id}")
        seen = f"{unknown.status} with status {unknown.get('status')}"
        expect(unknown.status == 404, "404 for a task that was never accepted", seen)


def expect_queued(app: App, ids: list[str], expected: str) -> None:
    for task_id in ids:
        queued = app.get(f"/tasks/{task_id}")
        expect(queued.status == 200, expected, app.describe(queued))
        status = queued.get("status")
        waits = status not in {None, *BEGUN}
        expect(waits, "status PENDING, or a word of your own, for a task that waits", repr(status))


def expect_end(app: App, task_id: str, month: str) -> None:
    look = partial(app.get, f"/tasks/{task_id}")
    ended = app.wait_until(
        f"the report of {month} to end",
        look,
        lambda seen: seen.get("status") in states.READY_STATES or seen.status != 200,
        10,
    )
    expect(ended.status == 200, "200 for a task that has ended", app.describe(ended))
    status, result, error = (ended.get(key) for key in ("status", "result", "error"))
    if month == "undecember":
        expect(status == "FAILURE", "status FAILURE for a task that failed", repr(status))
        expect(REASON in str(error), f"the error {REASON!r} of the failed task", repr(error))
        expect("Traceback" not in str(error), "the text of the error", "a whole traceback")
    else:
        expect(result == f"report of {month}", f"the result 'report of {month}'", repr(result))
        expect(not error, "no error beside a result", repr(error))
