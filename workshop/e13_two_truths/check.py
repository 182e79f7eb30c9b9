"""E13: two workers know all tasks, and no task of a process that died runs for ever."""

import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple
from uuid import uuid4

import psutil

from workshop.app_under_check import App
from workshop.chance import some_count
from workshop.journal import Event
from workshop.kit import Kit
from workshop.verdict import expect

TASKS = 40
BURST = 8
SOON_S = 5.0
BRIEF = 4  # short tasks, so that each worker gets one
LOOKS = 3  # at each task: some reach the worker that did not accept it
AFTER_S = 15.0  # the README says so
LONG_S = 60.0
CUT_S = 8.0  # runs still when the server is killed, and is over soon where it runs again
START_S = 30.0


class Sight(NamedTuple):
    """What is seen of one task."""

    status: str
    starts: int

    def __str__(self) -> str:
        times = "once" if self.starts == 1 else f"{self.starts} times"
        return f"{self.status}, and started {times}"


def check(kit: Kit) -> None:
    pair, single = kit.start(args=["--workers", "2"]), kit.start("single")

    expect_two_at_work(pair)
    told = {}
    for _ in range(TASKS // BURST):
        for task_id in create_at_once(pair, BURST, 0.1):
            told[task_id] = find_refusal(pair, task_id)
    expect(len(told) == TASKS, f"an id of its own for each of {TASKS} tasks", f"{len(told)} ids")
    expect_known(told, f"{TASKS} of {TASKS} tasks known, whichever worker is asked")
    told = {task_id: find_refusal(pair, task_id) for task_id in told}
    expect_known(told, f"{TASKS} of {TASKS} tasks still known when all have come")
    pair.wait_until(
        f"{TASKS} of {TASKS} short tasks finished, whichever worker is asked",
        lambda: tell_statuses(pair, told),
        f"{TASKS * LOOKS} times finished".__eq__,
        SOON_S,
    )
    status = pair.get(f"/tasks/{uuid4().hex}").status  # 422: no id of this app looks like that
    expect(status in {404, 422}, "404 for an id that was never given out", status)

    done = create(pair, 0.1)
    wait_status(pair, done, {"finished"}, "a task that nothing disturbs to finish")
    with ThreadPoolExecutor(1) as thread:
        restarted = thread.submit(restart, kit, single)
        check_one_worker_killed(pair)
        restarted.result()
    restart(kit, pair)
    seen = read_status(pair, done)
    expect(seen == "finished", "a finished task to stay finished after the restart", seen)
    starts = len(list_starts(pair, done))
    expect(starts == 1, "a finished task not to be run again after the restart", f"{starts} starts")


def check_one_worker_killed(app: App) -> None:
    """Kill one of two workers: uvicorn replaces it, and its neighbour works on."""
    owners = start_tasks(app, some_count(12, 16))
    for _ in range(BRIEF):
        wait_status(app, create(app, 0.1), {"finished"}, "a short task beside long ones to finish")
    for task_id in owners:
        seen = read_status(app, task_id)
        expect(seen == "running", "long tasks to run on when a short one has finished", seen)
    victim = next(iter(owners.values()))
    psutil.Process(victim).kill()
    known = set(owners.values())
    app.wait_until(
        "uvicorn to replace the worker that was killed",
        lambda: set(start_tasks(app, 2).values()) - known,
        bool,
        START_S,
    )
    for task_id, pid in owners.items():
        if pid == victim:
            expected = "a task of a worker that was killed alone to be interrupted, or run again"
            expect_told(app, task_id, expected)
        else:
            seen = read_status(app, task_id)
            expected = "a task of the other worker to run on after its neighbour was killed"
            expect(seen == "running", expected, seen)


def restart(kit: Kit, app: App) -> None:
    owners = start_tasks(app, some_count(3, 5), CUT_S)
    family = [psutil.Process(app.part.pid), *map(psutil.Process, app.part.children())]
    app.part.kill9(group=True)
    psutil.wait_procs(family, timeout=3)  # a killed process keeps its id until it is collected
    app.part.launch()
    kit.wait_ready(app)
    for task_id in owners:
        expected = "a task that kill -9 cut to be interrupted, or run again, after the restart"
        if expect_told(app, task_id, expected).status != "interrupted":
            ended = {"finished", "interrupted"}
            wait_status(app, task_id, ended, "a task that runs again to finish", CUT_S + AFTER_S)
            seen = look(app, task_id)
            expect(seen.starts == 2, "a task that kill -9 cut to be run again once", str(seen))


def expect_known(told: dict[str, int | None], expected: str) -> None:
    refusals = sorted(status for status in told.values() if status)
    answers = " or ".join(map(str, sorted(set(refusals))))
    seen = f"{len(refusals)} of them at least once answered with {answers}"
    expect(not refusals, expected, seen)


def expect_two_at_work(app: App) -> None:
    """Create tasks until both workers have had one; which of them takes it is chance."""
    until = time.monotonic() + START_S
    while len({event["pid"] for event in app.journal.events("started")}) < 2:
        create_at_once(app, BURST, 0)
        told = f"all taken by one of them for {START_S:g} s"
        expect(time.monotonic() < until, "tasks taken by both workers", told)


def expect_told(app: App, task_id: str, expected: str) -> Sight:
    """Expect a task that was cut to be interrupted or started again, and not just finished."""
    ended = {"finished", "interrupted"}
    told: Sight = app.wait_until(
        expected,
        partial(look, app, task_id),
        lambda seen: seen.status in ended or seen.starts > 1,
        AFTER_S,
    )
    expect(told.status == "interrupted" or told.starts > 1, expected, str(told))
    return told


def look(app: App, task_id: str) -> Sight:
    return Sight(read_status(app, task_id), len(list_starts(app, task_id)))


def list_starts(app: App, task_id: str) -> list[Event]:
    """Return the starts of a task; an id that is a number may be recorded as one."""
    started = app.journal.events("started")
    return [event for event in started if str(event.get("task_id")) == task_id]


def start_tasks(app: App, count: int, seconds: float = LONG_S) -> dict[str, int]:
    """Create tasks; return the process that runs each, once all of them have begun."""
    ids = [create(app, seconds) for _ in range(count)]
    for task_id in ids:
        starts = partial(list_starts, app, task_id)
        app.wait_until(f"task {task_id} to be recorded as started", starts, bool, AFTER_S)
    return {task_id: list_starts(app, task_id)[-1]["pid"] for task_id in ids}


def create(app: App, seconds: float) -> str:
    answer = app.post("/tasks", status=202, params={"seconds": seconds})
    return str(answer.get("task_id"))


def create_at_once(app: App, count: int, seconds: float) -> list[str]:
    """Create tasks side by side: both workers write at the same moment."""
    params = {"seconds": seconds}
    burst = [app.later("POST", "/tasks", status=202, params=params) for _ in range(count)]
    return [str(each.result().get("task_id")) for each in burst]


def tell_statuses(app: App, task_ids: Iterable[str]) -> str:
    """Count what is said of the tasks, each of which is asked for several times."""
    said = Counter(read_status(app, task_id) for task_id in task_ids for _ in range(LOOKS))
    return ", ".join(f"{count} times {status}" for status, count in sorted(said.items()))


def find_refusal(app: App, task_id: str) -> int | None:
    """Return the first status that is not 200: also a redirect is no answer to this client."""
    statuses = (app.get(f"/tasks/{task_id}").status for _ in range(LOOKS))
    return next((status for status in statuses if status != 200), None)


def wait_status(
    app: App, task_id: str, wanted: set[str], expected: str, timeout_s: float = AFTER_S
) -> None:
    app.wait_until(expected, partial(read_status, app, task_id), wanted.__contains__, timeout_s)


def read_status(app: App, task_id: str) -> str:
    return str(app.get(f"/tasks/{task_id}", status=200).get("status"))
