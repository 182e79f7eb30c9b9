"""What beat sends, to look at and to start by hand."""

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from scenarios.contract import UNKNOWN

from .. import schedule
from ..celery_app import app
from . import jobs
from .jobs import Queued

router = APIRouter()


class Entry(BaseModel):
    """One job of the schedule."""

    name: str
    task: str
    schedule: str
    expires_s: float


# --8<-- [start:scheduled]
@router.get("/schedule")
async def read_schedule() -> list[Entry]:
    """List what beat sends, and when."""
    return [
        Entry(
            name=name,
            task=entry["task"],
            schedule=repr(entry["schedule"]),
            expires_s=entry["options"]["expires"],
        )
        for name, entry in schedule.ENTRIES.items()
    ]


@router.post("/schedule/{name}/run", status_code=202, responses=UNKNOWN)
def run_now(name: str) -> Queued:
    """Run a job of the schedule now, as beat would, to see whether it works before the night."""
    if name not in schedule.ENTRIES:
        raise HTTPException(404, f"no entry with the name {name[:80]!r}")
    # A relay by the clock leaves no result, this one does.
    step = app.signature(schedule.ENTRIES[name]["task"], options={"ignore_result": False})
    return jobs.start([step])


# --8<-- [end:scheduled]
