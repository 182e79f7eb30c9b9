"""A request id in each log line of a job: the message carries it, in its headers."""

import logging
from typing import Any

from celery import signals
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from scenarios.contract import JSONDict, Line
from scenarios.http import GivenId
from scenarios.recipes import tracing

from ..celery_app import app
from . import jobs
from .jobs import REFUSALS, Queued

router = APIRouter()
logger = logging.getLogger(__name__)


class Note(BaseModel):
    """Something to keep."""

    text: Line


# --8<-- [start:request-id]
async def take_request_id(request: Request, response: Response, given: GivenId = None) -> None:
    """Note the id of this request, and tell it to the client."""
    response.headers[tracing.REQUEST_ID] = tracing.begin(request.headers, given)


@router.post("/notes", status_code=202, responses=REFUSALS, dependencies=[Depends(take_request_id)])
def create_note(note: Note) -> Queued:
    """Keep a note; the log lines of its job name this request."""
    return jobs.start([keep_note.s(note.text)])


@app.task
def keep_note(text: str) -> JSONDict:
    logger.info("kept %r", text)
    return tracing.describe()


# --8<-- [end:request-id]
# --8<-- [start:headers]
@signals.before_task_publish.connect  # of every job: of a route, a retry, the next of a chain
def send_along(headers: dict[str, Any], **_: object) -> None:
    headers.update(tracing.pack())


@signals.task_prerun.connect  # in the process that runs the job
def take_out(task: Any, **_: object) -> None:
    carried = {name: task.request.get(name) for name in (tracing.REQUEST_ID, "traceparent")}
    task.request.update(belonging=tracing.unpacked({k: v for k, v in carried.items() if v}))
    task.request.belonging.__enter__()


@signals.task_postrun.connect
def leave(task: Any, **_: object) -> None:
    task.request.belonging.__exit__(None, None, None)


@signals.after_setup_logger.connect
def show_in_log(logger: Any, **_: object) -> None:
    for handler in logger.handlers:
        handler.addFilter(tracing.AddRequestId())


# --8<-- [end:headers]
