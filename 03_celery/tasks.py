"""The jobs that the workers run, and how the API publishes them."""

import asyncio
import inspect
import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NoReturn

from celery import Task
from celery.exceptions import Ignore, SoftTimeLimitExceeded
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from scenarios import WORK, ledger
from scenarios.contract import JSONDict, Kind, Status
from scenarios.errors import WorkError, shortest_wait_s
from scenarios.idempotency import fingerprint
from scenarios.status import current_task_id, to_json_object

from . import backend, messages, records
from .celery_app import app, settings

AnyTask = Task[Any, Any]  # each is a `Job`, which the stubs cannot know
KILL_AFTER_S = 10  # when a job does not heed its time limit
UNAVAILABLE: dict[type[Exception], str] = {  # what a client reads with a 503
    RedisError: "Redis cannot be reached",
    OperationalError: "the broker cannot be reached",
}


# --8<-- [start:tasks]
class Job(Task[Any, Any]):
    """Tries again after anything but a `WorkError`, with growing random pauses.

    `celery_app.py` makes this the class of every task.
    """

    autoretry_for = (Exception,)
    dont_autoretry_for = (WorkError, SoftTimeLimitExceeded)
    max_retries = settings.max_attempts - 1
    retry_backoff = settings.retry_base_s
    retry_backoff_max = 60
    # Counts a job that killed its process as an attempt: without this it would loop for ever.
    retry_on_worker_lost = True
    default_retry_delay = math.ceil(settings.retry_base_s)  # its pause; others: `retry_backoff`

    def before_start(self, task_id: str, *_: Any) -> None:
        """Ask the record whether this delivery may run: a message may come twice, or too late."""
        current_task_id.set(task_id)
        if self.request.ignore_result:
            return  # it has no record
        outcome, run, attempt = records.begin(task_id)
        if outcome == "busy":
            self.hold_back()
        if outcome == Status.CANCELLED:  # by a process that may have died before it did this
            backend.cancel_rest(self.request)
        if outcome != "go":
            raise Ignore(f"not run: the job is {outcome}")
        self.request.update(run=run)
        ledger.record("started", task_id, kind=records.short(self.name), attempt=attempt)
        if attempt > settings.max_attempts:
            raise WorkError(f"given up: the job was started {attempt - 1} times and never ended")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            with time_limit(settings.job_timeout_s):
                return to_json_object(self.run(*args, **kwargs))
        except SystemExit:  # somebody ends the process, for a DELETE or for a quick stop
            records.put_back(str(self.request.id), self.request.get("run"))
            raise

    def retry(self, *args: Any, **options: Any) -> Any:
        """Wait as long as the other side asks (`Retry-After`), if that is longer.

        At most half of the time after which Redis gives a waiting job to a second worker.
        """
        stop_clock()  # to wait for the broker now is no part of the job's time
        run = self.request.get("run")
        if run and records.is_lost(str(self.request.id), run):
            raise Ignore(records.NOT_OURS)
        longest_s = settings.visibility_timeout_s / 2
        asked_s = min(shortest_wait_s(options.get("exc")), longest_s)
        if asked_s > (options.get("countdown") or 0):
            options["countdown"] = asked_s
        return super().retry(*args, **options)

    def hold_back(self) -> None:
        """Come back later: should the other delivery die, nobody else would run the job."""
        request = self.request
        again = self.signature_from_request(
            request, countdown=records.SILENT_S / 2, retries=request.retries
        )
        again.apply_async()
        ledger.record("held_back", str(request.id))


# --8<-- [start:time-limit]
@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Stop the work after this time; let the kernel end the process if it does not stop.

    Celery's own limits go on while a result waits for Redis, and call a job that is done failed.
    """

    def stop(*_: object) -> NoReturn:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        raise SoftTimeLimitExceeded

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, KILL_AFTER_S)
    try:
        yield
    except SoftTimeLimitExceeded:
        raise WorkError(f"the job took longer than {seconds:g} s") from None
    finally:
        stop_clock()


# --8<-- [end:time-limit]
def stop_clock() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)


def run(job: AnyTask, kind: Kind, arguments: JSONDict) -> Any:
    task_id = str(job.request.id)
    report_progress = partial(records.report_progress, task_id, job.request.get("run"))
    result = WORK[kind](task_id=task_id, report_progress=report_progress, **arguments)
    return asyncio.run(result) if inspect.iscoroutine(result) else result


@app.task(bind=True)
def email(job: AnyTask, /, **arguments: Any) -> Any:
    return run(job, Kind.EMAIL, arguments)


@app.task(bind=True)
def report(job: AnyTask, /, **arguments: Any) -> Any:
    return run(job, Kind.REPORT, arguments)


@app.task(bind=True)
def image(job: AnyTask, /, **arguments: Any) -> Any:
    return run(job, Kind.IMAGE, arguments)


JOBS: dict[Kind, AnyTask] = {Kind.EMAIL: email, Kind.REPORT: report, Kind.IMAGE: image}
# --8<-- [end:tasks]


# --8<-- [start:publish]
def publish(job: AnyTask, task_id: str, key: str | None, arguments: JSONDict) -> str:
    """Put a job on the broker; return its id, or the id of the job that had the same key.

    Raises `KeyReused` if the key was used for another request.
    """
    kind = records.short(job.name)
    asked = {"key": key, "fingerprint": fingerprint(task_id, kind, arguments)} if key else {}
    try:
        with messages.in_one_step(**asked):
            job.apply_async(kwargs=arguments, task_id=task_id)
    except records.Accepted as earlier:
        return earlier.task_id
    ledger.record("accepted", task_id, kind=kind)
    return task_id


# --8<-- [start:cancel]
def cancel(task_id: str) -> bool:
    """End a job that waits, or ask its worker to end it; False if it has ended."""
    outcome, message = records.cancel(task_id)
    if outcome == "running":
        # Its worker says when it is so: until then the job may as well succeed.
        app.control.revoke(task_id, terminate=True)
    if message:
        backend.end_what_follows(message)
    return outcome != "ended"


# --8<-- [end:cancel]
# --8<-- [end:publish]
