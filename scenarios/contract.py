"""The HTTP contract of all four apps: what goes in, what comes out, and the words for it."""

import secrets
import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    JsonValue,
    StringConstraints,
)

from .text import CONTROLS

JSONDict = dict[str, Any]  # Any: each kind of job takes and returns its own facts

# Whatever starts a new line or a command, or turns the order of what is shown, is refused.
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=rf"^[^{CONTROLS}]+$")]
Body = Annotated[
    str,
    Field(max_length=100_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"),
]
Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]
KEY_MEANS = (
    "The same key with the same route and body gives the same task, which is run once;"
    " with another route or body, or with two keys, the answer is 422. A key lives as long as its"
    " task is open, and RESULT_TTL_S after its end. 01 and 02 ignore it: each request is a task of"
    " its own."
)


def refuse_encoded_word(address: str) -> str:
    """Refuse `=?utf-8?q?…?=@example.com`: some readers of mail would decode it, to a line break."""
    if "=?" in address:
        raise ValueError("the part before the @ looks like an encoded word: '=?'")
    return address


Address = Annotated[EmailStr, AfterValidator(refuse_encoded_word)]
Width = Annotated[int, Field(ge=16, le=4096, description="Width of the new picture in pixels.")]


class Kind(StrEnum):
    """The three jobs that every app can do."""

    EMAIL = "email"
    REPORT = "report"
    IMAGE = "image"


class Status(StrEnum):
    """Where a task stands; it always ends in one of the last four."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def is_final(self) -> bool:
        return self not in (Status.QUEUED, Status.RUNNING)


class Operation(StrEnum):
    """What is done to a picture, in the order of the request; it always ends `width` wide."""

    THUMBNAIL = "thumbnail"
    GRAYSCALE = "grayscale"
    BLUR = "blur"
    SHARPEN = "sharpen"
    WATERMARK = "watermark"


Operations = Annotated[list[Operation], Field(min_length=1, max_length=10)]


SOME_ID = "01a21875-3cb3-7b2c-b7c8-931fc04a822b"


def example(**facts: JsonValue) -> ConfigDict:
    """Return what shows these values of a model in the documentation of the API."""
    return ConfigDict(json_schema_extra={"examples": [facts]})


class EmailIn(BaseModel):
    """An e-mail to send."""

    model_config = example(to="ann@example.com", subject="Your order", body="It is on its way.")

    to: Address
    subject: Line
    body: Body


class Accepted(BaseModel):
    """The answer to a job that was taken: ask `status_url` what became of it."""

    model_config = example(task_id=SOME_ID, status="queued", status_url=f"/tasks/{SOME_ID}")

    task_id: str
    status: Status = Status.QUEUED
    status_url: str


class QueueMetrics(BaseModel):
    """Counts over the tasks that the app still remembers."""

    model_config = example(
        queued=12, running=4, succeeded=380, failed=2, oldest_queued_s=1.5, workers=4
    )

    queued: int
    running: int
    succeeded: int
    failed: int
    oldest_queued_s: float = Field(description="Age of the task that has waited longest.")
    workers: int | None = Field(description="Jobs that can run at once; null: no limit.")


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str


ACCEPTS: dict[int | str, JSONDict] = {
    202: {
        "model": Accepted,
        "description": "Taken; `Location` names the status of the task.",
        "headers": {"Location": {"schema": {"type": "string"}}},
    },
    400: {"model": Problem, "description": "The body cannot be parsed."},
    413: {"model": Problem, "description": "The body is larger than MAX_UPLOAD_BYTES."},
    503: {"model": Problem, "description": "No job can be taken now; see Retry-After."},
}
UNKNOWN: dict[int | str, JSONDict] = {
    404: {"model": Problem, "description": "This id was never accepted, or is forgotten."},
    503: {"model": Problem, "description": "The status cannot be read now; see Retry-After."},
}
CONFLICT = UNKNOWN | {
    409: {"model": Problem, "description": "The state of the task does not allow this."},
}
DOWNLOAD = CONFLICT | {
    200: {
        "description": "The PDF or the picture.",
        "content": {
            media_type: {"schema": {"type": "string", "format": "binary"}}
            for media_type in ("application/pdf", "image/png", "image/jpeg", "image/webp")
        },
    }
}


def new_task_id() -> str:
    """Return an id that cannot be guessed: a UUID of version 7.

    It begins with the time, so that an index on ids grows at its end instead of everywhere.
    """
    milliseconds, chance = time.time_ns() // 1_000_000, secrets.randbits(74)
    head = milliseconds << 16 | 0x7000 | chance >> 62
    return str(UUID(int=head << 64 | 2 << 62 | chance & (1 << 62) - 1))


def made_at(task_id: str) -> datetime:
    """Return when `new_task_id` made this id."""
    return datetime.fromtimestamp((UUID(task_id).int >> 80) / 1000, UTC)
