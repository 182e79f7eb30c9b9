"""The record of one job of a recipe: a plain job, without progress, attempts or a file to fetch."""

import logging
import time
from collections import deque
from datetime import datetime

from pydantic import BaseModel, Field

from . import files, ledger
from .contract import JSONDict, Status, new_task_id
from .errors import explain
from .settings import get_settings
from .status import RanIn, current_task_id, here, now, to_json_object

logger = logging.getLogger(__name__)
MOST_KEPT = 1000
_ended: deque[tuple[float, str]] = deque()  # since when, and the job: its files bear its id


class JobRecord(BaseModel):
    """What is known of one job; it ends once, and each change is also written to the ledger."""

    job_id: str = Field(default_factory=new_task_id)
    name: str
    status: Status = Status.QUEUED
    result: JSONDict | None = None
    error: str | None = None
    queued_at: datetime = Field(default_factory=now)
    finished_at: datetime | None = None
    ran_in: RanIn | None = None

    def begin(self) -> None:
        """Note where it runs; called there."""
        current_task_id.set(self.job_id)
        self.status, self.ran_in = Status.RUNNING, here()
        ledger.record("started", self.job_id, job=self.name)

    def succeed(self, result: object) -> None:
        """Keep the result; raises `WorkError` if it cannot be one."""
        if not self.status.is_final:
            # First: whoever sees that it succeeded finds the result.
            self.result = to_json_object(result)
            self._end(Status.SUCCEEDED, "finished")

    def fail(self, error: BaseException) -> None:
        """Keep one sentence about `error`."""
        self._end(Status.FAILED, "failed", explain(error))

    def cancel(self, reason: str) -> None:
        """Say why it was not run, or not to its end."""
        self._end(Status.CANCELLED, "cancelled", reason)

    def interrupt(self) -> None:
        """Say that the app stopped first."""
        self._end(Status.INTERRUPTED, "interrupted", "the app stopped before the job had ended")

    def _end(self, status: Status, event: str, error: str | None = None) -> None:
        if self.status.is_final:
            return
        self.error, self.finished_at, self.status = error, now(), status
        _ended.append((time.monotonic(), self.job_id))
        ledger.record(event, self.job_id, job=self.name, error=error)
        logger.info("%s ended: %s", self.name, error or status)


def forget_oldest(records: dict[str, JobRecord] | dict[str, list[JobRecord]]) -> None:
    """Keep the newest thousand, and all that have not ended; the ledger knows the others."""
    for key in list(records)[:-MOST_KEPT]:  # a copy: `def` routes come from several threads
        found = records.get(key, [])
        if all(job.status.is_final for job in ([found] if isinstance(found, JobRecord) else found)):
            records.pop(key, None)


def forget_files() -> None:
    """Remove the files of jobs that ended more than RESULT_TTL_S ago."""
    before = time.monotonic() - get_settings().result_ttl_s
    old = []
    while _ended and _ended[0][0] < before:
        old.append(_ended.popleft()[1])
    files.forget(old)
