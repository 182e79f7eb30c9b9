"""A backup by a client that blocks, as those of many storage services do."""

from pathlib import Path

from fastapi import APIRouter, HTTPException

from scenarios import get_settings
from scenarios.contract import JSONDict, Problem
from scenarios.services.service import call, configured

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
    tasks.add(upload_backup, path)
    return Queued(jobs_url=tasks.jobs_url)


def upload_backup(path: Path) -> JSONDict:
    # `def`: Starlette runs it in a thread. In an `async def` job the same call would stop every
    # request until it is answered; `run_in_threadpool` around a `def` job adds nothing.
    content = path.read_bytes()
    url = configured(settings.backup_url, "BACKUP_URL")
    call("the backup service", "PUT", url, content=content)
    return {"size_bytes": len(content)}


# --8<-- [end:backup]
