"""What stands around each job, so that its error ends it alone and can be read afterwards."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from scenarios.contract import JSONDict, Status
from scenarios.jobs import JobRecord

Work = Callable[..., Any]  # Any: each job takes arguments of its own, `def` or `async def`
Arguments = tuple[object, ...]


class NotRun(Exception):
    """Says that a job before this one did not succeed."""


async def run(job: JobRecord, work: Work, arguments: Arguments, needs: JobRecord | None) -> None:
    """Run an `async def` job on the event loop."""
    with boundary(job):
        results = results_of(needs)
        job.begin()
        job.succeed(await work(*arguments, *results))


# --8<-- [start:boundary]
def run_in_thread(
    job: JobRecord, work: Work, arguments: Arguments, needs: JobRecord | None
) -> None:
    """Run a `def` job in the thread that Starlette gives it."""
    with boundary(job):
        results = results_of(needs)
        job.begin()
        job.succeed(work(*arguments, *results))


@contextmanager
def boundary(job: JobRecord) -> Iterator[None]:
    """Keep an error from the jobs behind this one, and on record."""
    try:
        yield
    except NotRun as reason:
        job.cancel(str(reason))
    except (asyncio.CancelledError, GeneratorExit):  # the app stops, and `lifespan` says so
        raise
    except BaseException as error:
        job.fail(error)


# --8<-- [end:boundary]
def results_of(needs: JobRecord | None) -> list[JSONDict | None]:
    """Return what the next job works on; raise `NotRun` if there is nothing."""
    if needs and needs.status is not Status.SUCCEEDED:
        raise NotRun(f"not run: {needs.name} is {needs.status}")
    return [needs.result] if needs else []
