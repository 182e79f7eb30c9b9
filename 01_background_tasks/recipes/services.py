"""Other services: a push message, and a backup by a client that blocks."""

import httpx
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from scenarios import get_settings
from scenarios.contract import JSONDict, Line, Problem
from scenarios.service import calling, configured, open_client

from .collector import Queued, Tasks

router = APIRouter()
settings = get_settings()


class Push(BaseModel):
    """A message for one device."""

    token: str = Field(pattern=r"^[A-Za-z0-9_:.-]{1,500}$", description="Names the device.")
    title: Line
    body: str = Field(max_length=2000)


# --8<-- [start:notify]
@router.post("/notify", status_code=202)
async def notify_user(push: Push, tasks: Tasks) -> Queued:
    """Push to PUSH_URL; the key is read by the job, so it stands in no argument and no record.

    Without `raise_for_status()` a 404 is noticed by nobody.
    """
    tasks.add(send_push, push.token, push.title, push.body)
    return Queued(jobs_url=tasks.jobs_url)


async def send_push(token: str, title: str, body: str) -> None:
    message = {"to": token, "notification": {"title": title, "body": body}}
    headers = {"Authorization": f"Bearer {settings.push_key}"} if settings.push_key else {}
    url = configured(settings.push_url, "PUSH_URL")
    async with open_client() as client:
        with calling("the push service"):
            (await client.post(url, json=message, headers=headers)).raise_for_status()


# --8<-- [end:notify]
# --8<-- [start:backup]
@router.post("/backups", status_code=202, responses={409: {"model": Problem}})
def create_backup(tasks: Tasks) -> Queued:
    """Send the audit log to BACKUP_URL with a client that blocks, as many storage clients do.

    A `def` job runs in a thread already: `run_in_threadpool` around it adds nothing. The same
    call in an `async def` job stops every request until it is answered.
    """
    path = settings.data_dir / "audit.log"
    if not path.exists():
        raise HTTPException(409, "nothing to back up: there is no audit log yet")
    tasks.add(upload_backup, str(path))
    return Queued(jobs_url=tasks.jobs_url)


def upload_backup(path: str) -> JSONDict:
    with open(path, "rb") as log, calling("the backup service"):
        content = log.read()
        url = configured(settings.backup_url, "BACKUP_URL")
        httpx.put(url, content=content, timeout=settings.call_timeout_s).raise_for_status()
    return {"size_bytes": len(content)}


# --8<-- [end:backup]
