"""A request id in each log line of a job: background tasks run in the context of their request."""

import logging

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from scenarios.contract import JSONDict, Line
from scenarios.http import GivenId
from scenarios.recipes import tracing

from .jobs import Queued, Tasks

router = APIRouter()
logger = logging.getLogger(__name__)


class Note(BaseModel):
    """Something to keep."""

    text: Line


# --8<-- [start:request-id]
async def take_request_id(request: Request, response: Response, given: GivenId = None) -> None:
    """Note the id of this request, and tell it to the client."""
    response.headers[tracing.REQUEST_ID] = tracing.begin(request.headers, given)


@router.post("/notes", status_code=202, dependencies=[Depends(take_request_id)])
async def create_note(note: Note, tasks: Tasks) -> Queued:
    """Keep a note; the log lines of its job name this request."""
    tasks.add(keep_note, note.text)
    return Queued(jobs_url=tasks.jobs_url)


def keep_note(text: str) -> JSONDict:
    logger.info("kept %r", text)  # in a thread, which Starlette gives a copy of the context
    return tracing.describe()


# --8<-- [end:request-id]
