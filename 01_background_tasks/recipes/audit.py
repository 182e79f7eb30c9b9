"""The audit log: one line for each thing done, or tried."""

from collections.abc import AsyncIterator

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from scenarios.jobs import JobRecord
from scenarios.recipes.audit import write_audit_line

from .boundary import boundary
from .jobs import Tasks


# --8<-- [start:dependency]
async def audit_call(request: Request, tasks: Tasks) -> None:
    """Add an audit line before the jobs of the route; a refusal drops it, see `audit_always`."""
    tasks.add(write_audit_line, request.url.path, "called")


# --8<-- [end:dependency]
# --8<-- [start:always]
async def audit_always(request: Request) -> AsyncIterator[None]:
    """Write an audit line also when the route raises, which drops every job that was added."""
    outcome = "refused"
    try:
        yield
        outcome = "done"
    finally:
        # After the response if there is one; a client that is refused waits for the line.
        with boundary(job := JobRecord(name="write_audit_line")):
            job.begin()
            await run_in_threadpool(write_audit_line, request.url.path, outcome)
            job.succeed(None)


# --8<-- [end:always]
