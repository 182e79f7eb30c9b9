"""Fetch from another service and keep the answer; requests that come together share a fetch."""

from datetime import datetime
from typing import Any

import pydantic_core
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from scenarios.contract import JSONDict
from scenarios.errors import WorkError
from scenarios.jobs import JobRecord
from scenarios.services.service import call_async
from scenarios.status import now

from .jobs import UNKNOWN, Started, settings, start, started

router = APIRouter()
fetching: dict[str, JobRecord] = {}


class Entry(BaseModel):
    """The last good answer of a source."""

    data: Any  # a source may send any JSON
    fetched_at: datetime = Field(default_factory=now)


cache: dict[str, Entry] = {}


# --8<-- [start:fetch]
@router.post("/cache/{source}", status_code=202, responses=UNKNOWN)
async def refresh_source(source: str) -> Started:
    """Fetch one of SOURCES; while a fetch runs, further requests share it."""
    # A client names a source and gives no address: that could be one of our own network.
    if source not in settings.sources:
        raise HTTPException(404, f"no source {source[:80]!r}: see SOURCES")
    if source not in fetching or fetching[source].status.is_final:
        fetching[source] = start(fetch_and_cache_data, source)
    return started(fetching[source])


# --8<-- [end:fetch]
@router.get("/cache/{source}", responses=UNKNOWN)
async def read_source(source: str) -> Entry:
    """Show what was fetched last, and when."""
    if source not in cache:
        raise HTTPException(404, f"nothing is cached for the source {source[:80]!r}")
    return cache[source]


async def fetch_and_cache_data(source: str) -> JSONDict:
    name, most_bytes = f"the source {source!r}", settings.max_upload_bytes
    content = await call_async(name, "GET", settings.sources[source], most_bytes=most_bytes)
    try:
        cache[source] = Entry(data=pydantic_core.from_json(content))
    except ValueError as error:
        raise WorkError(f"{name} sent no JSON: {error}") from error
    return {"source": source, "size_bytes": len(content)}
