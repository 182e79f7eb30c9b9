"""The HTTP contract of all four apps: what goes in, what comes out, and the states of a task."""

import os
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Protocol
from uuid import uuid4

from pydantic import BaseModel, EmailStr, Field, StringConstraints

JSONDict = dict[str, Any]  # Any: each kind of job takes and returns its own facts

# Every character that Python or an e-mail header takes for a line break is refused.
Line = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f\x85\u2028\u2029]+$"
    ),
]
Width = Annotated[int, Field(ge=16, le=4096, description="Width of the new picture in pixels.")]
Key = Annotated[
    str | None,
    StringConstraints(min_length=1, max_length=200),
    Field(description="The same key gives the same task (03 and 04; 01 and 02 ignore it)."),
]


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
    def final(self) -> bool:
        return self not in (Status.QUEUED, Status.RUNNING)


class Operation(StrEnum):
    """What can be done to a picture, in the order of the request."""

    THUMBNAIL = "thumbnail"
    GRAYSCALE = "grayscale"
    BLUR = "blur"
    SHARPEN = "sharpen"
    WATERMARK = "watermark"


Operations = Annotated[list[Operation], Field(min_length=1, max_length=10)]


class EmailIn(BaseModel):
    """An e-mail to send."""

    to: EmailStr
    subject: Line
    body: str = Field(max_length=100_000)


class Accepted(BaseModel):
    """The answer to a job that was taken: look at `status_url` for what becomes of it."""

    task_id: str
    status: Status = Status.QUEUED
    status_url: str


class RanIn(BaseModel):
    """Proof of where the work ran."""

    pid: int
    thread: str
    is_api_process: bool


class TaskStatus(BaseModel):
    """What is known of one task."""

    task_id: str
    kind: Kind
    status: Status = Status.QUEUED
    progress: int = Field(0, ge=0, le=100, description="Percent.")
    attempts: int = 0
    result: JSONDict | None = None
    error: str | None = None
    queued_at: datetime = Field(default_factory=lambda: now())
    started_at: datetime | None = None
    finished_at: datetime | None = None
    ran_in: RanIn | None = None


class QueueMetrics(BaseModel):
    """Counts over the tasks that the app still remembers."""

    queued: int
    running: int
    succeeded: int
    failed: int
    oldest_queued_s: float = Field(description="Age of the task that has waited longest.")
    workers: int | None = Field(description="Jobs that can run at once; null: no limit.")


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str


class ReportProgress(Protocol):
    """A job calls this from where it runs; the first call is 0."""

    def __call__(self, percent: int) -> None: ...


REFUSALS: dict[int | str, JSONDict] = {
    400: {"model": Problem, "description": "The body is no form."},
    413: {"model": Problem, "description": "The body is larger than MAX_UPLOAD_BYTES."},
    503: {"model": Problem, "description": "No job can be taken now; see Retry-After."},
}
UNKNOWN: dict[int | str, JSONDict] = {
    404: {"model": Problem, "description": "This id was never accepted, or is forgotten."},
    503: {"model": Problem, "description": "The status cannot be read now."},
}
CONFLICT: dict[int | str, JSONDict] = {
    409: {"model": Problem, "description": "The state of the task does not allow this."},
}


def new_task_id() -> str:
    """Return an id that cannot be guessed."""
    return str(uuid4())


def now() -> datetime:
    """Return the time with its zone."""
    return datetime.now(UTC)


_api_pid: int | None = None


def here() -> RanIn:
    """Say which process and thread this is, and whether the process serves the API."""
    pid = os.getpid()
    return RanIn(pid=pid, thread=threading.current_thread().name, is_api_process=pid == _api_pid)


def this_is_the_api() -> None:
    """Let `here` know that the present process serves the API."""
    global _api_pid
    _api_pid = os.getpid()


def count(tasks: Iterable[TaskStatus], workers: int | None) -> QueueMetrics:
    """Count the tasks by status."""
    seen = list(tasks)
    waiting = [task.queued_at for task in seen if task.status is Status.QUEUED]
    counts = {status: sum(task.status is status for task in seen) for status in Status}
    return QueueMetrics(
        queued=counts[Status.QUEUED],
        running=counts[Status.RUNNING],
        succeeded=counts[Status.SUCCEEDED],
        failed=counts[Status.FAILED],
        oldest_queued_s=(now() - min(waiting)).total_seconds() if waiting else 0.0,
        workers=workers,
    )
