"""Fetch from other services and cache: one source, or all of them at once."""

import asyncio
from datetime import datetime
from typing import Any

import pydantic_core
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from scenarios.contract import JSONDict
from scenarios.errors import WorkError, explain
from scenarios.jobs import Job
from scenarios.service import calling, open_client
from scenarios.status import now

from .jobs import UNKNOWN, Started, settings, start, started

router = APIRouter()
fetching: dict[str, Job] = {}


class Entry(BaseModel):
    """The last good answer of a source."""

    data: Any  # a source may send any JSON
    fetched_at: datetime = Field(default_factory=now)


cache: dict[str, Entry] = {}


# --8<-- [start:fetch]
@router.post("/cache/{source}", status_code=202, responses=UNKNOWN)
async def refresh_source(source: str) -> Started:
    """Fetch one of SOURCES: a client names it and gives no address, which could be an inner one.

    While a fetch runs, further requests share it. A failed one is on record and leaves the cache.
    """
    if source not in settings.sources:
        raise HTTPException(404, f"no source {source[:80]!r}: see SOURCES")
    if source not in fetching or fetching[source].status.is_final:
        fetching[source] = start(fetch_and_cache_data, source)
    return started(fetching[source])


@router.get("/cache/{source}", responses=UNKNOWN)
async def read_source(source: str) -> Entry:
    """Show what was fetched last, and when."""
    if source not in cache:
        raise HTTPException(404, f"nothing is cached for the source {source[:80]!r}")
    return cache[source]


async def fetch_and_cache_data(source: str) -> JSONDict:
    content = bytearray()
    async with open_client() as client:
        with calling(f"the source {source!r}"):
            async with client.stream("GET", settings.sources[source]) as answer:
                answer.raise_for_status()
                async for chunk in answer.aiter_bytes():
                    content += chunk
                    if len(content) > settings.max_upload_bytes:
                        raise WorkError(f"the source {source!r} sends too much")
    try:
        cache[source] = Entry(data=pydantic_core.from_json(bytes(content)))
    except ValueError as error:
        raise WorkError(f"the source {source!r} sent no JSON: {error}") from error
    return {"source": source, "size_bytes": len(content)}


# --8<-- [end:fetch]
# --8<-- [start:fan-out]
@router.post("/cache", status_code=202)
async def refresh_all() -> Started:
    """Fetch every source at once, in one job.

    The first error in a bare `TaskGroup` cancels the other calls; each one here has a boundary.
    """
    return started(start(refresh_sources))


async def refresh_sources() -> JSONDict:
    async with asyncio.TaskGroup() as group:  # cancelled as a whole, ended as a whole
        calls = [group.create_task(try_to_fetch(source)) for source in settings.sources]
    failures = [failure for call in calls if (failure := call.result())]
    if failures:
        raise WorkError(f"{len(failures)} of {len(calls)} failed: {'; '.join(failures)}")
    return {"sources": list(settings.sources)}


async def try_to_fetch(source: str) -> str | None:
    """Return what went wrong, if anything did."""
    try:
        await fetch_and_cache_data(source)
    except Exception as error:
        return explain(error)
    return None


# --8<-- [end:fan-out]
