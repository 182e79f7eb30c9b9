"""E4: two jobs finish although the first fails, and the failure is told in both places."""

from workshop.kit import Kit
from workshop.verdict import expect

REASON = "the bank does not answer for ann"


def check(kit: Kit) -> None:
    app = kit.start()
    ids = app.post("/users/ann", status=202)
    expect({"charge_card", "send_welcome", "tell_sales"} <= set(ids.body), "three ids", ids.body)

    # Jobs of one request run in order: a later user shows that those of ann are over.
    app.post("/users/bob", status=202)
    expected = "the jobs after the failing one to run"
    app.wait_event("welcomed", expected, timeout_s=3, user="ann")
    app.wait_event("told", expected, timeout_s=3, user="ann")
    for name in ("send_welcome", "tell_sales"):
        app.wait_status(f"/tasks/{ids.get(name)}", "status", {"finished"}, timeout_s=3)

    failed = app.get(f"/tasks/{ids.get('charge_card')}", status=200)
    status = failed.get("status")
    expect(status == "failed", "status failed for the job that raises", repr(status))
    error = str(failed.get("error"))
    expect(REASON in error, f"the error {REASON!r} beside the status", repr(error))
    lines = [line for line in app.part.log_text().splitlines() if ids.get("charge_card") in line]
    expect(len(lines) == 1, "one line in the log that names the failed task", f"{len(lines)} lines")
