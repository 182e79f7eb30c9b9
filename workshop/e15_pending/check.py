"""E15: unknown is 404, queued is 200, failed is 200 with its reason, also after a restart."""

from functools import partial

from celery import states
from redis import Redis

from lab.processes.part import Part
from workshop import broker
from workshop.app_under_check import Answer, App
from workshop.chance import shuffled, some_count, some_names
from workshop.kit import Kit
from workshop.verdict import expect, expect_plain

BAD = "undecember"
REASON = "there is no 13th month"
BEGUN = states.READY_STATES | {states.STARTED, states.RETRY}
UNKNOWN = ["11111111-2222-3333-4444-555555555555", "no-such-task", "*"]
SOON_S = 0.8
NIGHT_S = 12 * 3600.0


def check(kit: Kit) -> None:
    kit.start_valkey()
    app = kit.start()

    expect_unknown(app, UNKNOWN)
    months = shuffled([*some_names(some_count(8, 10), "month-"), BAD, BAD])
    posts = [app.later("POST", f"/reports/{month}", status=202) for month in months]  # at once
    tasks = [(read_id(post.result()), month) for post, month in zip(posts, months, strict=True)]
    ids = [task_id for task_id, _ in tasks]
    expect(len(set(ids)) == len(ids), "an id of its own for each report", f"{len(set(ids))} ids")
    expect_queued(app, ids, "200 for a task that waits in the queue")
    app.part.kill9(group=True)
    app.part.launch()
    kit.wait_ready(app)
    expected = "200 for a task that waits in the queue, also after a restart of the API"
    expect_queued(app, ids, expected)

    with Redis.from_url(kit.redis_url) as redis:
        queued = broker.count_queued(redis)
        expect(queued == len(tasks), "one task in the queue for each report", queued)
        broker.let_pass(redis, NIGHT_S)
        expect_queued(app, ids, "200 for a task that has waited in the queue for a night")
    worker = kit.start_worker()
    for task_id, month in tasks:
        expect_end(app, task_id, month)
    tasks.append(check_taken(kit, app, worker))
    expect_unknown(app, [*UNKNOWN, *mistype(ids[0], {task_id for task_id, _ in tasks})])
    for task_id, month in tasks:  # a second look sees the same
        expect_end(app, task_id, month)


def check_taken(kit: Kit, app: App, worker: Part) -> tuple[str, str]:
    """Stop the processes that run the tasks: one more is taken by the worker, and does not end."""
    [month] = some_names(1, "month-")
    with broker.suspended(worker), Redis.from_url(kit.redis_url) as redis:
        task_id = read_id(app.post(f"/reports/{month}", status=202))
        look = partial(broker.count_taken, redis)
        app.wait_until("the worker to take it", look, bool, 10)
        redis.delete("unacked", "unacked_index")  # a task that has begun is acknowledged
        expect_queued(app, [task_id], "200 for a task that a worker has taken and not ended")
    expect_end(app, task_id, month)
    return task_id, month


def read_id(answer: Answer) -> str:
    return str(answer.get("task_id"))


def mistype(task_id: str, known: set[str]) -> set[str]:
    """Return ids with one letter too few, too many, or another than it was; none that is known."""
    places = (0, len(task_id) // 2, len(task_id) - 1)
    letters = {place: "0" if task_id[place] != "0" else "1" for place in places}
    others = [f"{task_id[:at]}{letter}{task_id[at + 1 :]}" for at, letter in letters.items()]
    return {task_id[:-1], f"{task_id}0", *others} - {"", *known}


def expect_unknown(app: App, ids: list[str]) -> None:
    for task_id in ids:
        unknown = app.get(f"/tasks/{task_id}")
        seen = f"{unknown.status} with status {unknown.get('status')}"
        expect(unknown.status == 404, "404 for a task that was never accepted", seen)


def expect_queued(app: App, ids: list[str], expected: str) -> None:
    waited: list[float] = []
    for task_id in ids:
        queued = app.get(f"/tasks/{task_id}")
        waited.append(queued.seconds)
        expect(queued.status == 200, expected, app.describe(queued))
        status = queued.get("status")
        waits = status not in {None, *BEGUN}
        expect(waits, "status PENDING, or a word of your own, for a task that waits", repr(status))
    soonest_s = min(waited)
    expect(soonest_s < SOON_S, "an answer that does not wait for the task", f"{soonest_s:.1f} s")


def expect_end(app: App, task_id: str, month: str) -> None:
    wanted = states.FAILURE if month == BAD else states.SUCCESS
    ended = app.wait_until(
        f"200 with status {wanted} for the report of {month}",
        partial(app.get, f"/tasks/{task_id}"),
        lambda seen: seen.get("status") in states.READY_STATES or seen.status != 200,
        10,
    )
    expect(ended.status == 200, "200 for a task that has ended", app.describe(ended))
    status, result, error = (ended.get(key) for key in ("status", "result", "error"))
    expect(status == wanted, f"status {wanted} for the report of {month}", repr(status))
    if month == BAD:
        expect(REASON in str(error), f"the error {REASON!r} of the failed task", repr(error))
        expect_plain(str(error))
    else:
        expect(result == f"report of {month}", f"the result 'report of {month}'", repr(result))
        expect(not error, "no error beside a result", repr(error))
