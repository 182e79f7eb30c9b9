"""E7: each job ends in a state that tells the truth: finished, failed with a text, cancelled."""

from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import expect

REASON = "page 7 cannot be read"


def check(kit: Kit) -> None:
    app = kit.start()

    good = start_job(app, "short")
    app.wait_status(f"/jobs/{good}", "status", {"finished"}, timeout_s=5)
    broken = start_job(app, "broken")
    failed = app.wait_status(f"/jobs/{broken}", "status", {"failed"}, timeout_s=3)
    expect(REASON in str(failed.get("error")), f"the error {REASON!r}", repr(failed.get("error")))
    app.delete(f"/jobs/{good}", status=409)
    app.delete("/jobs/no-such-job", status=404)

    long = start_job(app, "long")
    app.wait_status(f"/jobs/{long}", "status", {"running"})
    app.delete(f"/jobs/{long}", status=202)
    app.wait_status(f"/jobs/{long}", "status", {"cancelled"}, timeout_s=3)
    app.wait_event("cleaned", "the cancelled job to clean up", timeout_s=3, job_id=long)
    app.delete(f"/jobs/{long}", status=409)
    expect(not app.journal.count("converted", job_id=long), "a cancelled job to stop", "its result")


def start_job(app: App, kind: str) -> str:
    return str(app.post(f"/jobs/{kind}", status=202).get("job_id"))
