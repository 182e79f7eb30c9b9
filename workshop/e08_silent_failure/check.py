"""E8: each job ends in a state that tells the truth, and a cancel ends one job alone."""

from workshop.app_under_check import App
from workshop.chance import shuffled, some_count, some_name
from workshop.kit import Kit
from workshop.verdict import expect, expect_plain

REASON = "cannot be read"
ENDS = {"short": "finished", "broken": "failed"}


def check(kit: Kit) -> None:
    app = kit.start()

    kinds = shuffled(["short", "broken", "short", "broken"])
    jobs = [(kind, start_job(app, kind)) for kind in kinds]
    for kind, job in jobs:
        answer = app.wait_status(f"/jobs/{job}", "status", {ENDS[kind]}, timeout_s=3)
        if kind == "broken":
            expect_reason(app, job)
        else:
            error = answer.get("error")
            expect(not error, "no error of a job that ended well", repr(error))
    for _, job in jobs:
        app.delete(f"/jobs/{job}", status=409)
    app.delete(f"/jobs/{some_name()}", status=404)

    long = [start_job(app, "long") for _ in range(some_count(3, 4))]
    for job in long:
        app.wait_status(f"/jobs/{job}", "status", {"running"})
    stopped, *others = shuffled(long)
    stop(app, stopped)
    for job in others:
        seen = app.get(f"/jobs/{job}", status=200).get("status")
        expect(seen == "running", "the other jobs to run on after one was cancelled", repr(seen))
    for job in others:
        stop(app, job)

    cleaned = app.journal.count("cleaned", job_id=stopped)
    expect(cleaned == 1, "the clean-up of a job to run once", cleaned)
    late = start_job(app, "short")
    app.wait_status(f"/jobs/{late}", "status", {"finished"}, timeout_s=3)
    for kind, job in jobs:
        seen = app.get(f"/jobs/{job}", status=200).get("status")
        expect(seen == ENDS[kind], f"a {kind} job to stay {ENDS[kind]}", repr(seen))
    error = app.last_error()  # that of a broken job may be logged as well
    expect(not error or REASON in error, "no error in the log but those of broken jobs", error)


def start_job(app: App, kind: str) -> str:
    return str(app.post(f"/jobs/{kind}", status=202).get("job_id"))


def expect_reason(app: App, job: str) -> None:
    error = str(app.get(f"/jobs/{job}", status=200).get("error"))
    reason = f"page 7 of {job} {REASON}"
    expect(reason in error, f"the error {reason!r}", repr(error))
    expect_plain(error)


def stop(app: App, job: str) -> None:
    """Cancel a running job, and see that it is over: once, with its clean-up, for good."""
    app.delete(f"/jobs/{job}", status=202)
    app.wait_status(f"/jobs/{job}", "status", {"cancelled"}, timeout_s=3)
    app.wait_event("cleaned", "the cancelled job to clean up", timeout_s=3, job_id=job)
    app.delete(f"/jobs/{job}", status=409)
    seen = app.get(f"/jobs/{job}", status=200).get("status")
    expect(seen == "cancelled", "a cancelled job to stay cancelled", repr(seen))
    expect(not app.journal.count("converted", job_id=job), "a cancelled job to stop", "its result")
