"""A backup by a client that blocks, as those of many storage services do."""

import httpx
from fastapi import APIRouter, HTTPException

from scenarios import get_settings
from scenarios.contract import JSONDict, Problem
from scenarios.services.service import calling, configured

from .jobs import Queued, Tasks

router = APIRouter()
settings = get_settings()


# --8<-- [start:backup]
@router.post("/backups", status_code=202, responses={409: {"model": Problem}})
def create_backup(tasks: Tasks) -> Queued:
    """Send the audit log to the backup service."""
    path = settings.data_dir / "audit.log"
    if not path.exists():
        raise HTTPException(409, "nothing to back up: there is no audit log yet")
    tasks.add(upload_backup, str(path))
    return Queued(jobs_url=tasks.jobs_url)


def upload_backup(path: str) -> JSONDict:
    # `def`: Starlette runs it in a thread. In an `async def` job the same call would stop every
    # request until it is answered; `run_in_threadpool` around a `def` job adds nothing.
    with open(path, "rb") as log, calling("the backup service"):
        content = log.read()
        url = configured(settings.backup_url, "BACKUP_URL")
        # Streamed: the body of the answer is not read, and may have no end.
        with httpx.stream("PUT", url, content=content, timeout=settings.call_timeout_s) as answer:
            answer.raise_for_status()
    return {"size_bytes": len(content)}


# --8<-- [end:backup]
