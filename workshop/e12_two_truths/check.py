"""E12: two workers know all tasks, and after a crash no task runs for ever."""

from functools import partial

from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import expect

PAIRS = 40
LOOKS = 3  # at each task: some reach the worker that did not accept it
ENDS = {"finished", "interrupted"}


def check(kit: Kit) -> None:
    app = kit.start(args=["--workers", "2"])

    unknown = sum(is_unknown(app, create(app, 0.1)) for _ in range(PAIRS))
    expect(
        unknown == 0,
        f"{PAIRS} of {PAIRS} tasks known, whichever worker is asked",
        f"{unknown} answered with 404",
    )

    ids = [create(app, 3) for _ in range(4)]
    for task_id in ids:
        app.wait_event("started", "the job to start", task_id=task_id)
    app.part.kill9(group=True)
    app.part.launch()
    kit.wait_ready(app)
    expected = "a task that kill -9 cut to be interrupted, or run again, after the restart"
    for task_id in ids:
        look = partial(read_status, app, task_id)
        app.wait_until(expected, look, ENDS.__contains__, 8)


def create(app: App, seconds: float) -> str:
    answer = app.post("/tasks", status=202, params={"seconds": seconds})
    return str(answer.get("task_id"))


def is_unknown(app: App, task_id: str) -> bool:
    return any(app.get(f"/tasks/{task_id}").status == 404 for _ in range(LOOKS))


def read_status(app: App, task_id: str) -> str:
    return str(app.get(f"/tasks/{task_id}", status=200).get("status"))
