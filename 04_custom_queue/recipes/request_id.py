"""A request id in each log line of a job: the task carries it, as one of its arguments."""

import logging

from fastapi import APIRouter, Depends, Response

from scenarios import http
from scenarios.contract import JSONDict, new_task_id
from scenarios.http import Key
from scenarios.recipes import tracing
from scenarios.status import ReportProgress

from ..job_queue import Task
from .jobs import REFUSALS, Queue, start

router = APIRouter()
logger = logging.getLogger(__name__)
KIND = "note"


# --8<-- [start:request-id]
@router.post(
    "/notes",
    status_code=202,
    responses=REFUSALS,
    dependencies=[Depends(http.take_request_id)],
)
async def create_note(note: tracing.Note, queue: Queue, key: Key = None) -> Response:
    """Keep a note; the log lines of its job name this request."""
    arguments = {"text": note.text, "carried": tracing.pack()}
    return await start(queue, Task(new_task_id(), KIND, arguments, key=key), note)


def keep_note(
    task_id: str, text: str, carried: dict[str, str], report_progress: ReportProgress
) -> JSONDict:
    report_progress(0)
    with tracing.unpacked(carried):  # the worker has the context in which the queue was made
        logger.info("kept %r", text)
        return tracing.describe()


# --8<-- [end:request-id]
WORK = {KIND: keep_note}
