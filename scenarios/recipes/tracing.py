"""Which request a job comes from: an id for the log, and a trace, wherever the job runs.

A job that runs in the context of its request needs nothing but `request_id`. One that waits in a
queue or goes through a broker takes along what `pack` returns, and runs inside `unpacked`.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

from opentelemetry import context, propagate, trace
from pydantic import BaseModel

from scenarios.contract import JSONDict, Line

REQUEST_ID = "x-request-id"
request_id: ContextVar[str] = ContextVar("request_id", default="")


class Note(BaseModel):
    """Something to keep."""

    text: Line


def begin(headers: Mapping[str, str], given: str | None) -> str:
    """Take the id that the client has given, or make one; return it."""
    request_id.set(given or uuid4().hex)
    if not trace.get_current_span().get_span_context().is_valid:
        # FastAPI continues the client's trace only where an OpenTelemetry SDK is set up.
        context.attach(propagate.extract(headers))
    return request_id.get()


# --8<-- [start:carry]
def pack() -> dict[str, str]:
    """Return what a job takes along: strings, so that any queue or broker can carry them."""
    carried = {REQUEST_ID: request_id.get()} if request_id.get() else {}
    propagate.inject(carried)  # adds `traceparent`, if there is a trace
    return carried


@contextmanager
def unpacked(carried: Mapping[str, str]) -> Iterator[None]:
    """Run a block as if it still belonged to the request that `pack` was called in."""
    before = request_id.set(carried.get(REQUEST_ID, ""))
    token = context.attach(propagate.extract(carried))
    try:
        yield
    finally:
        context.detach(token)
        request_id.reset(before)


class AddRequestId(logging.Filter):
    """Writes the id before each message that is logged for a request, whatever the format."""

    def filter(self, record: logging.LogRecord) -> bool:
        if request_id.get() and not hasattr(record, "request_id"):
            record.__dict__["request_id"] = request_id.get()  # once for all handlers
            record.msg = f"[request {request_id.get()}] {record.msg}"
        return True


# --8<-- [end:carry]
def describe() -> JSONDict:
    """Return which request and which trace this is, for the result of a job."""
    span = trace.get_current_span().get_span_context()
    trace_id = trace.format_trace_id(span.trace_id) if span.is_valid else None
    return {"request_id": request_id.get() or None, "trace_id": trace_id}
