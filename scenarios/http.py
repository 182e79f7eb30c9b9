"""The FastAPI side of the contract; the only module here that knows a web framework."""

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from fastapi import FastAPI, File, Form, Header, HTTPException, Request, UploadFile
from fastapi.responses import FileResponse, JSONResponse

from . import contract, files, order_file
from .errors import BadUpload, CannotStore
from .idempotency import KeyReused
from .status import TaskStatus

logger = logging.getLogger(__name__)
NOTHING: Mapping[type[Exception], str] = MappingProxyType({})
Title = Annotated[contract.Line, Form()]
OrderFile = Annotated[UploadFile, File(description=order_file.READS)]
Steps = Annotated[contract.Operations, Form()]
Width = Annotated[contract.Width, Form()]
Key = Annotated[contract.Key, Header(alias="Idempotency-Key", description=contract.KEY_MEANS)]
# The same header where the pattern cannot honour it, because its records end with the process.
IgnoredKey = Key


def accepted(task_id: str) -> JSONResponse:
    """Answer 202 and name the status of the task."""
    answer = contract.Accepted(task_id=task_id, status_url=f"/tasks/{task_id}")
    return JSONResponse(answer.model_dump(), 202, {"Location": answer.status_url})


def refused(reason: str, retry_after_s: int = 1) -> HTTPException:
    """Return the 503 to raise when no job can be taken now."""
    return HTTPException(503, reason, {"Retry-After": str(retry_after_s)})


def unknown(task_id: str) -> HTTPException:
    """Return the 404 to raise for an id that was never accepted."""
    return HTTPException(404, f"no task {task_id[:80]!r}")


def download(task: TaskStatus) -> FileResponse:
    """Send the file that the task made; raises 409 if there is none."""
    if path := files.find_result(task):
        return FileResponse(path)
    raise HTTPException(409, f"nothing to download: the {task.kind} is {task.status}")


def too_late(task: TaskStatus) -> HTTPException:
    """Return the 409 to raise for a task that cannot be cancelled any more."""
    return HTTPException(409, f"too late to cancel: the {task.kind} is {task.status}")


def invalid(loc: list[str], error: Exception) -> JSONResponse:
    """Answer 422 as FastAPI does for a field that it has found wrong itself."""
    problem = {"type": "value_error", "loc": loc, "msg": str(error)}
    return JSONResponse({"detail": [problem]}, 422)


def complete(app: FastAPI, unavailable: Mapping[type[Exception], str] = NOTHING) -> None:
    """Add what every app answers alike: /healthz, 422 for a bad file or key, 503 for a full disk.

    `unavailable` names more errors that are a 503, with the sentence for the client.
    """

    @app.get("/healthz")
    async def read_health() -> dict[str, str]:
        return {"status": "ok"}

    @app.exception_handler(BadUpload)
    async def refuse_upload(request: Request, error: BadUpload) -> JSONResponse:
        return invalid(["body", "file"], error)

    @app.exception_handler(KeyReused)
    async def refuse_key(request: Request, error: KeyReused) -> JSONResponse:
        return invalid(["header", "Idempotency-Key"], error)

    sentences: dict[type, str] = {CannotStore: "the server cannot store the job", **unavailable}

    async def refuse(request: Request, error: Exception) -> JSONResponse:
        # The log gets the reason; the client must not learn addresses or paths from it.
        logger.warning("%s %s answered 503: %r", request.method, request.url.path, error)
        kind = next(kind for kind in type(error).__mro__ if kind in sentences)
        problem = contract.Problem(detail=sentences[kind])
        return JSONResponse(problem.model_dump(), 503, {"Retry-After": "5"})

    for kind in sentences:
        app.add_exception_handler(kind, refuse)
