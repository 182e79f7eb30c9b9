"""The FastAPI side of the contract: what routes take and answer, the same in all four apps."""

import json
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated

from fastapi import (
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    Request,
    Response,
    UploadFile,
)
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as AnyHTTPException

from . import contract, files
from .contract import JSONDict
from .errors import BadUpload, CannotStore, is_full_disk
from .idempotency import KeyReused
from .recipes import tracing
from .reports import order_file
from .status import TaskStatus
from .web.docs_page import serve_docs
from .web.edge import Download, Edge, link

logger = logging.getLogger(__name__)
NOTHING: Mapping[type[Exception], str] = MappingProxyType({})
Title = Annotated[contract.Line, Form(examples=["Orders of November"])]
OrderFile = Annotated[UploadFile, File(description=order_file.READS)]
Steps = Annotated[contract.Operations, Form(examples=[["thumbnail", "watermark"]])]
Width = Annotated[contract.Width, Form(examples=[256])]
KeyHeader = Header(alias="Idempotency-Key", description=contract.KEY_MEANS)


async def read_key(
    request: Request, key: Annotated[contract.Key | None, KeyHeader] = None
) -> str | None:
    """Return the key that a client has chosen; of two, nobody can tell which one is meant."""
    if len(request.headers.getlist("Idempotency-Key")) > 1:
        sentence = "send one Idempotency-Key, not several"
        problem = {"type": "value_error", "loc": ("header", "Idempotency-Key"), "msg": sentence}
        raise RequestValidationError([problem])
    return key


Key = Annotated[str | None, Depends(read_key)]
# The same header where the pattern cannot honour it, because its records end with the process.
IgnoredKey = Key
# It stands in each log line of a job, so it can be no text that makes lines of its own.
GivenId = Annotated[str | None, Header(alias=tracing.REQUEST_ID, pattern="^[A-Za-z0-9_-]{1,64}$")]


# --8<-- [start:request-id]
async def take_request_id(request: Request, response: Response, given: GivenId = None) -> None:
    """Note the id of this request, and tell it to the client."""
    response.headers[tracing.REQUEST_ID] = tracing.begin(request.headers, given)


# --8<-- [end:request-id]


def accepted(task_id: str, route: str = "/tasks") -> JSONResponse:
    """Answer 202 and name the status of the task."""
    answer = contract.Accepted(task_id=task_id, status_url=link(f"{route}/{task_id}"))
    headers = {"Location": answer.status_url}
    # FastAPI adds the headers of a dependency to what it answers itself, and this it does not.
    if request_id := tracing.request_id.get():
        headers[tracing.REQUEST_ID] = request_id
    return JSONResponse(answer.model_dump(), 202, headers)


def refused(reason: str) -> HTTPException:
    """Return the 503 to raise when no job can be taken now."""
    return HTTPException(503, reason, {"Retry-After": "1"})


def unknown(task_id: str) -> HTTPException:
    """Return the 404 to raise for an id that was never accepted."""
    return HTTPException(404, f"no task {task_id[:80]!r}")


def download(task: TaskStatus) -> Download:
    """Send the file that the task made; raises 409 if there is none."""
    if path := files.find_result(task):
        return Download(path, f"{task.kind}-{path.name}")
    raise HTTPException(409, f"nothing to download: the {task.kind} is {task.status}")


def too_late(task: TaskStatus) -> HTTPException:
    """Return the 409 to raise for a task that cannot be cancelled any more."""
    return HTTPException(409, f"too late to cancel: the {task.kind} is {task.status}")


def invalid(loc: list[str], error: Exception) -> Response:
    """Answer 422 as for a field that FastAPI has found wrong itself."""
    return invalid_fields([{"type": "value_error", "loc": loc, "msg": str(error)}])


def invalid_fields(problems: Sequence[JSONDict]) -> Response:
    """Answer 422 with what is wrong where, and without what was sent there.

    That may be 10 MiB, once more for each field that is missing: to write it would stop the event
    loop for seconds. If it is nested deeply it cannot be written at all.
    """
    told = [
        {"type": each["type"], "loc": [shorten(part) for part in each["loc"]], "msg": each["msg"]}
        for each in problems
    ]
    text = json.dumps({"detail": told}, ensure_ascii=False, separators=(",", ":"))
    # A name may hold half of a surrogate pair, such as `"\ud800"`, which UTF-8 cannot say.
    return Response(text.encode(errors="replace"), 422, media_type="application/json")


def shorten(part: str | int) -> str | int:
    """Return a part of the place of an error: the name of a field, or a key that a client chose."""
    return part[:200] if isinstance(part, str) else part


def complete(app: FastAPI, unavailable: Mapping[type[Exception], str] = NOTHING) -> None:
    """Add what every app answers alike: /healthz, 422 for bad input, 503 for a full disk.

    Any other error is a 500, with its traceback in the log and nothing of it in the answer.
    `unavailable` names more errors that are a 503, with the sentence for the client.
    """

    @app.get("/healthz")
    async def read_health() -> dict[str, str]:
        return {"status": "ok"}

    @app.exception_handler(BadUpload)
    async def refuse_upload(request: Request, error: BadUpload) -> Response:
        return invalid(["body", "file"], error)

    @app.exception_handler(KeyReused)
    async def refuse_key(request: Request, error: KeyReused) -> Response:
        return invalid(["header", "Idempotency-Key"], error)

    @app.exception_handler(RequestValidationError)
    async def refuse_input(request: Request, error: RequestValidationError) -> Response:
        return invalid_fields(error.errors())

    refuse_for_now(app, unavailable)
    app.add_middleware(Edge)
    serve_docs(app)


def refuse_for_now(app: FastAPI, unavailable: Mapping[type[Exception], str]) -> None:
    """Answer 503 for a full disk and for what is not there just now."""
    sentences: dict[type, str] = {CannotStore: "the server cannot store the job", **unavailable}

    async def refuse(request: Request, error: Exception) -> JSONResponse:
        # The log gets the reason; the client must not learn addresses or paths from it.
        reason = error.__cause__ if isinstance(error, CannotStore) else error
        logger.warning("%s %s answered 503: %r", request.method, request.url.path, reason)
        kind = next(kind for kind in type(error).__mro__ if kind in sentences)
        problem = contract.Problem(detail=sentences[kind])
        return JSONResponse(problem.model_dump(), 503, {"Retry-After": "5"})

    async def refuse_unstored(request: Request, error: BaseException) -> Response:
        full = CannotStore()
        full.__cause__ = error
        return await refuse(request, full)

    @app.exception_handler(AnyHTTPException)
    async def answer(request: Request, error: AnyHTTPException) -> Response:
        if isinstance(error.__cause__, OSError):  # a large upload is on disk before its route runs
            return await refuse_unstored(request, error.__cause__)
        return await http_exception_handler(request, error)

    @app.exception_handler(OSError)
    @app.exception_handler(sqlite3.OperationalError)
    async def answer_full_disk(request: Request, error: Exception) -> Response:
        if not is_full_disk(error):
            raise error
        return await refuse_unstored(request, error)

    for kind in sentences:
        app.add_exception_handler(kind, refuse)
