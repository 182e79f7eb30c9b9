"""The record of one task: its states, when they began, and where the work ran."""

import logging
import os
import threading
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Protocol

from pydantic import BaseModel, Field

from . import ledger
from .contract import JSONDict, Kind, QueueMetrics, Status
from .errors import explain

logger = logging.getLogger(__name__)
current_task_id: ContextVar[str] = ContextVar("current_task_id", default="-")  # for log lines
_api_pid: int | None = None


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

    task_id: str
    kind: Kind | str = Field(union_mode="left_to_right", description="A recipe has its own.")
    status: Status = Status.QUEUED
    progress: int = Field(0, ge=0, le=100, description="Percent.")
    attempts: int = 0
    result: JSONDict | None = None
    error: str | None = None
    queued_at: datetime = Field(default_factory=now)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    ran_in: RanIn | None = None

    @classmethod
    def accept(cls, task_id: str, kind: Kind) -> "TaskStatus":
        """Make the record of a task that was just taken."""
        ledger.record("accepted", task_id, kind=kind)
        return cls(task_id=task_id, kind=kind)

    def begin(self) -> JSONDict:
        """Count one attempt, and return the arguments that every job takes."""
        current_task_id.set(self.task_id)
        self.status, self.started_at = Status.RUNNING, now()
        self.attempts += 1
        ledger.record("started", self.task_id, kind=self.kind, attempt=self.attempts)
        logger.info("%s started, attempt %d", self.kind, self.attempts)
        return {"task_id": self.task_id, "report_progress": self.report_progress}

    def report_progress(self, percent: int) -> None:
        """Note how far the job is and where it runs; called by the job itself.

        A thread cannot be cancelled from outside: here, between two steps, it learns of it.
        """
        if self.status.is_final:
            raise JobStopped(f"the job is {self.status}")
        self.progress, self.ran_in = percent, here()

    def succeed(self, result: JSONDict) -> None:
        """Keep the result."""
        if not self.status.is_final:
            self.result, self.progress = result, 100
        self._end(Status.SUCCEEDED, "finished")

    def fail(self, error: BaseException) -> None:
        """Keep one sentence about `error`."""
        self._end(Status.FAILED, "failed", explain(error))

    def cancel(self) -> None:
        """Say that somebody asked for the end."""
        self._end(Status.CANCELLED, "cancelled")

    def interrupt(self) -> None:
        """Say that the app stopped first."""
        self._end(Status.INTERRUPTED, "interrupted", "the app stopped before the job had ended")

    def _end(self, status: Status, event: str, error: str | None = None) -> None:
        if self.status.is_final:
            return  # a task ends once: a thread may come back after its task was cancelled
        # The status comes last: who reads it while a thread writes must find the rest in place.
        self.error, self.finished_at, self.status = error, now(), status
        ledger.record(event, self.task_id, kind=self.kind, attempt=self.attempts, error=error)
        logger.info("%s ended: %s", self.kind, error or status)


def here() -> RanIn:
    """Say which process and thread this is, and whether the process serves the API."""
    pid = os.getpid()
    return RanIn(pid=pid, thread=threading.current_thread().name, is_api_process=pid == _api_pid)


def this_process_is_the_api() -> None:
    """Let `here` know."""
    global _api_pid
    _api_pid = os.getpid()


def forget_ended(tasks: dict[str, TaskStatus], ttl_s: float) -> None:
    """Drop the oldest records once they ended more than `ttl_s` ago: memory stays bounded."""
    expired, latest = [], now() - timedelta(seconds=ttl_s)
    for task in tasks.values():  # no copy: each request would pay for every record that is kept
        if task.finished_at is None:
            continue
        if task.finished_at > latest:
            break
        expired.append(task.task_id)
    for task_id in expired:
        del tasks[task_id]


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
