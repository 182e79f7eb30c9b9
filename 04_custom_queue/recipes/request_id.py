"""A request id in each log line of a job: the task carries it, as one of its arguments."""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from scenarios.contract import JSONDict, Line, new_task_id
from scenarios.http import GivenId, Key
from scenarios.recipes import tracing
from scenarios.status import ReportProgress

from ..job_queue import Task
from .jobs import REFUSALS, Queue, start

router = APIRouter()
logger = logging.getLogger(__name__)
KIND = "note"


class Note(BaseModel):
    """Something to keep."""

    text: Line


# --8<-- [start:request-id]
async def take_request_id(request: Request, given: GivenId = None) -> str:
    """Note the id of this request."""
    return tracing.begin(request.headers, given)


RequestId = Annotated[str, Depends(take_request_id)]


@router.post("/notes", status_code=202, responses=REFUSALS)
async def create_note(note: Note, queue: Queue, request_id: RequestId, key: Key = None) -> Response:
    """Keep a note; the log lines of its job name this request."""
    arguments = {"text": note.text, "carried": tracing.pack()}
    answer = await start(queue, Task(new_task_id(), KIND, arguments, key=key), note)
    answer.headers[tracing.REQUEST_ID] = request_id
    return answer


def keep_note(
    task_id: str, text: str, carried: dict[str, str], report_progress: ReportProgress
) -> JSONDict:
    report_progress(0)
    with tracing.unpacked(carried):  # the worker has the context in which the queue was made
        logger.info("kept %r", text)
        return tracing.describe()


# --8<-- [end:request-id]
WORK = {KIND: keep_note}
