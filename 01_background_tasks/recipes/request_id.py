"""A request id in each log line of a job: background tasks run in the context of their request."""

import logging

from fastapi import APIRouter, Depends

from scenarios import http
from scenarios.contract import JSONDict
from scenarios.recipes import tracing

from .jobs import Queued, Tasks

router = APIRouter()
logger = logging.getLogger(__name__)


# --8<-- [start:request-id]
@router.post("/notes", status_code=202, dependencies=[Depends(http.take_request_id)])
async def create_note(note: tracing.Note, tasks: Tasks) -> Queued:
    """Keep a note; the log lines of its job name this request."""
    tasks.add(keep_note, note.text)
    return Queued(jobs_url=tasks.jobs_url)


def keep_note(text: str) -> JSONDict:
    logger.info("kept %r", text)  # in a thread, which Starlette gives a copy of the context
    return tracing.describe()


# --8<-- [end:request-id]
