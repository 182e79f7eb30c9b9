"""Settings of a user: stored here before the answer, then brought to another service."""

import json
import sqlite3
from contextlib import closing
from typing import Annotated

import stamina
from anyio import to_thread
from fastapi import APIRouter, HTTPException, Path
from pydantic import BaseModel, Field, StrictBool, StrictInt, StrictStr

from scenarios.contract import JSONDict, Line
from scenarios.errors import TransientError, shortest_wait_s
from scenarios.jobs import Job, forget_oldest
from scenarios.service import calling, configured, open_client

from ..tracked import refuse_if_full
from .jobs import UNKNOWN, Started, cancel, settings, start, started

router = APIRouter()
syncing: dict[str, Job] = {}  # the newest job of a user
UserId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Text = Annotated[StrictStr, Field(max_length=1000)]
Wanted = Annotated[dict[Line, StrictBool | StrictInt | Text | None], Field(max_length=50)]
SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (
    user_id TEXT PRIMARY KEY, content TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1, synced_version INTEGER NOT NULL DEFAULT 0
)
"""


class Stored(BaseModel):
    """The settings of a user; the other service has them once `synced_version` equals `version`."""

    settings: JSONDict
    version: int
    synced_version: int


# --8<-- [start:settings]
@router.post("/users/{user_id}/settings", status_code=202)
async def update_settings(user_id: UserId, wanted: Wanted) -> Started:
    """Store the settings, then sync them with a time limit per call and retries with back-off.

    In the article's form a 500 counts as done, a failure is printed and never tried again. Here
    a newer change also stops the retries of an older one.
    """
    refuse_if_full()
    await to_thread.run_sync(store, user_id, wanted)
    newer, older = start(sync_external_service, user_id), syncing.pop(user_id, None)
    if older and not older.status.is_final:
        cancel(older, "replaced by a newer change")
    syncing[user_id] = newer
    forget_oldest(syncing)
    return started(newer)


async def sync_external_service(user_id: str) -> JSONDict:
    stored = await to_thread.run_sync(read, user_id)
    await send(user_id, {"version": stored.version, "settings": stored.settings})
    await to_thread.run_sync(note_synced, user_id, stored.version)
    return {"version": stored.version}


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
    url = f"{configured(settings.sync_url, 'SYNC_URL')}/{user_id}/sync"
    async with open_client() as client:
        with calling("the sync service"):
            (await client.post(url, json=change)).raise_for_status()


@router.get("/users/{user_id}/settings", responses=UNKNOWN)
async def read_settings(user_id: UserId) -> Stored:
    """Show what is stored, and which version the other service has."""
    try:
        return await to_thread.run_sync(read, user_id)
    except KeyError:
        raise HTTPException(404, f"no settings for the user_id {user_id!r}") from None


# --8<-- [end:settings]
def connect() -> sqlite3.Connection:
    """Open the database, in the thread that uses it; the caller closes it."""
    database = sqlite3.connect(settings.data_dir / "recipes.sqlite", timeout=10)
    database.execute(SCHEMA)
    return database


def store(user_id: str, wanted: JSONDict) -> None:
    """Replace the settings of a user."""
    with closing(connect()) as database, database:
        database.execute(
            "INSERT INTO settings (user_id, content) VALUES (?, ?) ON CONFLICT (user_id)"
            " DO UPDATE SET content = excluded.content, version = version + 1",
            (user_id, json.dumps(wanted)),
        )


def read(user_id: str) -> Stored:
    """Return the settings of a user; raise KeyError if there are none."""
    with closing(connect()) as database:
        select = "SELECT content, version, synced_version FROM settings WHERE user_id = ?"
        if not (row := database.execute(select, (user_id,)).fetchone()):
            raise KeyError(user_id)
    return Stored(settings=json.loads(row[0]), version=row[1], synced_version=row[2])


def note_synced(user_id: str, version: int) -> None:
    """Note what the other service has."""
    with closing(connect()) as database, database:
        update = "UPDATE settings SET synced_version = MAX(synced_version, ?) WHERE user_id = ?"
        database.execute(update, (version, user_id))
