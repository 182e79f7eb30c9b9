"""Settings of a user: stored here before the answer, then brought to another service."""

import asyncio
from typing import Annotated
from urllib.parse import urlsplit

import stamina
from anyio import to_thread
from fastapi import APIRouter, HTTPException, Path
from pydantic import Field, StrictBool, StrictInt, StrictStr

from scenarios.contract import JSONDict, Line
from scenarios.errors import TransientError, shortest_wait_s
from scenarios.jobs import JobRecord, forget_oldest
from scenarios.services.service import call_async, configured

from ..tracked import refuse_if_full
from .jobs import UNKNOWN, Started, cancel, settings, start, started
from .settings_store import Stored, note_synced, read, store

router = APIRouter()
syncing: dict[str, JobRecord] = {}  # the newest job of a user
UserId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Text = Annotated[StrictStr, Field(max_length=1000)]
# `fail_fast`: to write down a million errors of one body stops the event loop for seconds.
Wanted = Annotated[
    dict[Line, StrictBool | StrictInt | Text | None], Field(max_length=50, fail_fast=True)
]


# --8<-- [start:settings]
@router.post("/users/{user_id}/settings", status_code=202)
async def update_settings(user_id: UserId, wanted: Wanted) -> Started:
    """Store the settings, then bring them to the other service."""
    refuse_if_full()
    storing = asyncio.create_task(to_thread.run_sync(store, user_id, wanted))
    # Before the first `await`: others may take the last place meanwhile, and this would be refused
    # with its settings stored.
    newer = start(sync_external_service, user_id, storing)
    await asyncio.shield(storing)
    # A newer change ends the retries of an older one, which would bring back what it replaced.
    if (older := syncing.pop(user_id, None)) and not older.status.is_final:
        cancel(older, "replaced by a newer change")
    syncing[user_id] = newer
    forget_oldest(syncing)
    return started(newer)


async def sync_external_service(user_id: str, storing: asyncio.Task[None]) -> JSONDict:
    await asyncio.shield(storing)
    stored = await to_thread.run_sync(read, user_id)
    await send(user_id, {"version": stored.version, "settings": stored.settings})
    await to_thread.run_sync(note_synced, user_id, stored.version)
    return {"version": stored.version}


# --8<-- [end:settings]
# --8<-- [start:retry]
def wait_before_retry(error: Exception) -> bool | float:
    """Say whether to try again; seconds only if the other side has named them."""
    return isinstance(error, TransientError) and (shortest_wait_s(error) or True)


@stamina.retry(
    on=wait_before_retry,
    attempts=settings.max_attempts,
    timeout=settings.job_timeout_s,
    wait_initial=settings.retry_base_s,
    wait_jitter=settings.retry_base_s,
)
async def send(user_id: str, change: JSONDict) -> None:
    url = urlsplit(configured(settings.sync_url, "SYNC_URL"))
    url = url._replace(path=f"{url.path.rstrip('/')}/{user_id}/sync")  # before a query
    await call_async("the sync service", "POST", url.geturl(), json=change)


# --8<-- [end:retry]
@router.get("/users/{user_id}/settings", responses=UNKNOWN)
async def read_settings(user_id: UserId) -> Stored:
    """Show what is stored, and which version the other service has."""
    try:
        return await to_thread.run_sync(read, user_id)
    except KeyError:
        raise HTTPException(404, f"no settings for the user_id {user_id!r}") from None
