"""E14: unknown is 404, queued is 200, failed is 200 with the reason."""

from functools import partial

from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import expect

REASON = "there is no 13th month"


def check(kit: Kit) -> None:
    kit.start_valkey()
    app = kit.start()

    unknown = app.get("/tasks/11111111-2222-3333-4444-555555555555")
    seen = f"{unknown.status} with status {unknown.get('status')}"
    expect(unknown.status == 404, "404 for a task that was never accepted", seen)
    good, bad = create(app, "may"), create(app, "undecember")
    queued = app.get(f"/tasks/{good}")
    expect(queued.status == 200, "200 for a task that waits in the queue", app.describe(queued))

    kit.start_worker()
    app.wait_status(f"/tasks/{good}", "status", {"SUCCESS"})
    result = app.get(f"/tasks/{good}").get("result")
    expect(result == "report of may", "the result 'report of may'", repr(result))
    look = partial(app.get, f"/tasks/{bad}")
    failed = app.wait_until(
        "the failing job to end",
        look,
        lambda seen: seen.get("status") not in {"PENDING", "STARTED"},
        10,
    )
    expect(failed.status == 200, "200 for a task that failed", app.describe(failed))
    error = failed.get("error")
    expect(REASON in str(error), f"the error {REASON!r} of the failed task", repr(error))


def create(app: App, month: str) -> str:
    return str(app.post(f"/reports/{month}", status=202).get("task_id"))
