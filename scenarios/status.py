"""The record of one task: its states, when they began, and where the work ran."""

import logging
import os
import threading
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Protocol

from pydantic import BaseModel, Field, PrivateAttr, TypeAdapter, ValidationError
from pydantic_core import from_json

from . import ledger
from .contract import SOME_ID, JSONDict, Kind, Status, example
from .errors import WorkError, explain

logger = logging.getLogger(__name__)
current_task_id: ContextVar[str] = ContextVar("current_task_id", default="-")  # for log lines
# Of all records: a change takes a microsecond, its line in the ledger does not.
changing = threading.Lock()
RESULT = TypeAdapter(JSONDict)
_api_pid: int | None = None


def to_json_object(result: object) -> JSONDict | None:
    """Return what a job has returned, as the JSON object that a client will read, or None.

    Raises `WorkError` for anything else: kept, it would make a 500 of each request for the status.
    """
    if result is None:
        return None
    try:
        value: JSONDict = from_json(RESULT.dump_json(RESULT.validate_python(result)))
    except ValueError as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise WorkError(f"the job returned no JSON object: {why}") from error
    return value


class RanIn(BaseModel):
    """Proof of where the work ran."""

    pid: int
    thread: str
    is_api_process: bool


class ReportProgress(Protocol):
    """A job calls this from where it runs, first with 0."""

    def __call__(self, percent: int) -> None: ...


def now() -> datetime:
    """Return the time with its zone."""
    return datetime.now(UTC)


class JobStopped(Exception):
    """Ends a job in a thread whose task was cancelled or interrupted."""


class TaskStatus(BaseModel):
    """What is known of one task; each change of state is also written to the ledger."""

    model_config = example(
        task_id=SOME_ID,
        kind="report",
        status="running",
        progress=50,
        attempts=1,
        queued_at="2026-11-26T15:24:08.563Z",
        started_at="2026-11-26T15:24:08.570Z",
    )

    task_id: str
    kind: Kind | str = Field(union_mode="left_to_right", description="A recipe has its own.")
    status: Status = Status.QUEUED
    progress: int = Field(0, ge=0, le=100, description="Percent.")
    attempts: int = 0
    result: JSONDict | None = None
    error: str | None = Field(
        None, description="Why it failed; while it waits for another attempt, why the last failed."
    )
    queued_at: datetime = Field(default_factory=now)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    ran_in: RanIn | None = None

    _told: Callable[["TaskStatus", Status], None] | None = PrivateAttr(None)

    def tell_changes(self, told: Callable[["TaskStatus", Status], None]) -> None:
        """Have `told(task, status_before)` called with each change of the status."""
        self._told = told

    def begin(self) -> None:
        """Note that an attempt begins; called where the job runs. Raises `JobStopped`."""
        current_task_id.set(self.task_id)
        with changing:
            self._go_on()
            self.attempts += 1
            self.started_at = max(now(), self.queued_at)  # the clock may have been set back
            self._move(Status.RUNNING)
        ledger.record("started", self.task_id, kind=self.kind, attempt=self.attempts)
        logger.info("%s started, attempt %d", self.kind, self.attempts)

    def report_progress(self, percent: int) -> None:
        """Note how far the job is and where it runs; called by the job itself.

        A thread cannot be cancelled from outside: here, between two steps, it learns of it.
        """
        with changing:
            self._go_on()
            self.progress, self.ran_in = percent, here()

    def succeed(self, result: object) -> None:
        """Keep the result; raises `WorkError` if it cannot be one."""
        self._end(Status.SUCCEEDED, "finished", result=to_json_object(result))

    def fail(self, error: BaseException) -> None:
        """Keep one sentence about `error`."""
        self._end(Status.FAILED, "failed", explain(error))

    def cancel(self) -> None:
        """Say that somebody asked for the end."""
        self._end(Status.CANCELLED, "cancelled")

    def interrupt(self) -> None:
        """Say that the app stopped first."""
        self._end(Status.INTERRUPTED, "interrupted", "the app stopped before the job had ended")

    def _end(
        self,
        status: Status,
        event: str,
        error: str | None = None,
        result: JSONDict | None = None,
    ) -> None:
        with changing:
            if self.status.is_final:
                return  # a task ends once: a thread may come back after its task was cancelled
            self.result, self.error = result, error
            self.progress = 100 if status is Status.SUCCEEDED else self.progress
            self.finished_at = max(now(), self.started_at or self.queued_at)
            # The status comes last: who reads it while a thread writes must find the rest in place.
            self._move(status)
        ledger.record(event, self.task_id, kind=self.kind, attempt=self.attempts, error=error)
        log_change(event, self.task_id, self.kind, self.attempts, error)

    def _go_on(self) -> None:
        if self.status.is_final:
            raise JobStopped(f"the job is {self.status}")

    def _move(self, status: Status) -> None:
        before, self.status = self.status, status
        if self._told:
            self._told(self, before)


def log_change(event: str, task_id: str, kind: str, attempts: int, error: str | None) -> None:
    """Log what became of a task under its id; the request that asked for it is logged already."""
    if event == "accepted":
        return
    before = current_task_id.set(task_id)
    logger.info("%s %s, attempt %d%s", kind, event, attempts, f": {error}" if error else "")
    current_task_id.reset(before)


def here() -> RanIn:
    """Say which process and thread this is, and whether the process serves the API."""
    pid = os.getpid()
    return RanIn(pid=pid, thread=threading.current_thread().name, is_api_process=pid == _api_pid)


def this_process_is_the_api() -> None:
    """Let `here` tell this process from all others."""
    global _api_pid
    _api_pid = os.getpid()
