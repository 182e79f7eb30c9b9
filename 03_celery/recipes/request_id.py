"""A request id in each log line of a job: the message carries it, in its headers."""

import logging
from typing import Any

from celery import signals
from fastapi import APIRouter, Depends

from scenarios import http
from scenarios.contract import JSONDict
from scenarios.recipes import tracing

from ..celery_app import app
from . import jobs
from .jobs import REFUSALS, Queued

router = APIRouter()
logger = logging.getLogger(__name__)


# --8<-- [start:request-id]
@router.post(
    "/notes", status_code=202, responses=REFUSALS, dependencies=[Depends(http.take_request_id)]
)
def create_note(note: tracing.Note) -> Queued:
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
