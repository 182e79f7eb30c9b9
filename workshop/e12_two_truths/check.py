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

    refusals = [status for _ in range(PAIRS) if (status := find_refusal(app, create(app, 0.1)))]
    seen = f"{len(refusals)} answered with {' or '.join(map(str, sorted(set(refusals))))}"
    expect(not refusals, f"{PAIRS} of {PAIRS} tasks known, whichever worker is asked", seen)

    ids = [create(app, 1.5) for _ in range(4)]
    for task_id in ids:
        app.wait_event("started", "the job to start", task_id=task_id)
    app.part.kill9(group=True)
    app.part.launch()
    kit.wait_ready(app)
    expected = "a task that kill -9 cut to be interrupted, or run again, after the restart"
    for task_id in ids:
        look = partial(read_status, app, task_id)
        app.wait_until(expected, look, ENDS.__contains__, 4)


def create(app: App, seconds: float) -> str:
    answer = app.post("/tasks", status=202, params={"seconds": seconds})
    return str(answer.get("task_id"))


def find_refusal(app: App, task_id: str) -> int | None:
    """Return the first status that is not 200: also a redirect is no answer to this client."""
    statuses = (app.get(f"/tasks/{task_id}").status for _ in range(LOOKS))
    return next((status for status in statuses if status != 200), None)


def read_status(app: App, task_id: str) -> str:
    return str(app.get(f"/tasks/{task_id}", status=200).get("status"))
