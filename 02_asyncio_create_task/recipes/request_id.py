"""A request id in each log line of a job: `create_task` copies the context of the request."""

import logging

from fastapi import APIRouter, Depends

from scenarios import http
from scenarios.contract import JSONDict
from scenarios.recipes import tracing

from .jobs import Started, start, started

router = APIRouter()
logger = logging.getLogger(__name__)


# --8<-- [start:request-id]
@router.post("/notes", status_code=202, dependencies=[Depends(http.take_request_id)])
async def create_note(note: tracing.Note) -> Started:
    """Keep a note; the log lines of its job name this request."""
    return started(start(keep_note, note.text))


async def keep_note(text: str) -> JSONDict:
    logger.info("kept %r", text)  # a copy was made at `create_task`: later changes stay apart
    return tracing.describe()


# --8<-- [end:request-id]
