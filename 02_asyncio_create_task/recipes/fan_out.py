"""Many calls at once in one job: one that fails neither stops the others nor is forgotten."""

import asyncio

from fastapi import APIRouter

from scenarios.contract import JSONDict
from scenarios.errors import WorkError, explain

from .cache import fetch_and_cache_data
from .jobs import Started, settings, start, started

router = APIRouter()


# --8<-- [start:fan-out]
@router.post("/cache", status_code=202)
async def refresh_all() -> Started:
    """Fetch every source at once, in one job."""
    return started(start(refresh_sources))


async def refresh_sources() -> JSONDict:
    async with asyncio.TaskGroup() as group:  # a cancel of this job reaches every call
        calls = [group.create_task(try_to_fetch(source)) for source in settings.sources]
    failures = [failure for call in calls if (failure := call.result())]
    if failures:
        raise WorkError(f"{len(failures)} of {len(calls)} failed: {'; '.join(failures)}")
    return {"sources": list(settings.sources)}


async def try_to_fetch(source: str) -> str | None:
    """Return what went wrong: an error that left here would cancel the calls beside it."""
    try:
        await fetch_and_cache_data(source)
    except Exception as error:
        return explain(error)
    return None


# --8<-- [end:fan-out]
