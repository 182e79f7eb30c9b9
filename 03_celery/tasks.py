"""The jobs that the workers run, and how the API publishes them."""

import asyncio
import inspect
import math
from functools import partial
from typing import Any

from celery import Task
from celery.exceptions import Ignore, SoftTimeLimitExceeded
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from scenarios import WORK, ledger
from scenarios.contract import JSONDict, Kind
from scenarios.errors import WorkError, explain, shortest_wait_s

from . import records
from .celery_app import BROKER_FORGETS, app, settings

UNAVAILABLE: dict[type[Exception], str] = {  # what a client reads with a 503
    RedisError: "Redis cannot be reached",
    OperationalError: "the broker cannot be reached",
    records.KeyInUse: "another request with this Idempotency-Key is being answered",
}


# --8<-- [start:tasks]
class Job(Task[Any, Any]):
    """Tries again after anything but a `WorkError`, with growing random pauses."""

    autoretry_for = (Exception,)
    dont_autoretry_for = (WorkError,)
    max_retries = settings.max_attempts - 1
    retry_backoff = settings.retry_base_s
    retry_backoff_max = 60
    # Counts a job that killed its process as an attempt: without this it would loop for ever.
    retry_on_worker_lost = True
    default_retry_delay = math.ceil(settings.retry_base_s)

    def retry(self, *args: Any, **options: Any) -> Any:
        """Wait as long as the other side asks (`Retry-After`), if that is longer.

        At most half of the time after which Redis gives a waiting job to a second worker.
        """
        longest_s = settings.visibility_timeout_s / 2
        asked_s = min(shortest_wait_s(options.get("exc")), longest_s)
        if asked_s > (options.get("countdown") or 0):
            options["countdown"] = asked_s
        return super().retry(*args, **options)

    def on_success(self, retval: Any, task_id: str, *_: Any) -> None:
        ledger.record("finished", task_id)
        records.end(task_id)

    def on_retry(self, exc: Exception, task_id: str, *_: Any) -> None:
        ledger.record("retried", task_id, error=explain(exc))

    def on_failure(self, exc: Exception, task_id: str, *_: Any) -> None:
        ledger.record("failed", task_id, error=explain(exc))
        records.end(task_id)


def run(task_id: str, kind: Kind, arguments: JSONDict) -> Any:
    if not records.is_wanted(task_id):
        raise Ignore  # a revoke is heard by running workers only; the record by all
    attempt = records.begin(task_id)
    ledger.record("started", task_id, kind=kind, attempt=attempt)
    if attempt > settings.max_attempts:
        raise WorkError(f"given up: the job was started {attempt - 1} times and never ended")
    report_progress = partial(records.report_progress, task_id)
    try:
        result = WORK[kind](task_id=task_id, report_progress=report_progress, **arguments)
        return asyncio.run(result) if inspect.iscoroutine(result) else result
    except SoftTimeLimitExceeded:
        raise WorkError(f"the job took longer than {settings.job_timeout_s:g} s") from None


@app.task(bind=True, base=Job)
def email(job: Job, /, **arguments: Any) -> Any:
    return run(str(job.request.id), Kind.EMAIL, arguments)


@app.task(bind=True, base=Job)
def report(job: Job, /, **arguments: Any) -> Any:
    return run(str(job.request.id), Kind.REPORT, arguments)


@app.task(bind=True, base=Job)
def image(job: Job, /, **arguments: Any) -> Any:
    return run(str(job.request.id), Kind.IMAGE, arguments)


JOBS = {Kind.EMAIL: email, Kind.REPORT: report, Kind.IMAGE: image}
# --8<-- [end:tasks]


# --8<-- [start:publish]
def publish(task_id: str, kind: Kind, key: str | None, arguments: JSONDict) -> str:
    """Put a job on the broker; return its id, or the id of the job that had the same key."""
    if key and (owner := records.claim(key, task_id)) != task_id:
        return owner
    records.add(task_id, kind)
    try:
        JOBS[kind].apply_async(kwargs=arguments, task_id=task_id, retry=False)
    except Exception:
        records.drop(task_id, key)  # should the message have arrived, the worker ignores it
        raise
    records.accept(task_id, key, arguments if BROKER_FORGETS else None)
    ledger.record("accepted", task_id, kind=kind)
    return task_id


# --8<-- [end:publish]
