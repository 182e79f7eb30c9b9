"""The Celery app, its settings and its jobs; the workers run it, the API publishes with it."""

import asyncio
import inspect
import math
from functools import partial
from typing import Any

from celery import Celery, Task, signals
from celery.exceptions import Ignore, SoftTimeLimitExceeded
from kombu import Queue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from scenarios import WORK, get_settings, ledger, set_up
from scenarios.contract import JSONDict, Kind
from scenarios.errors import WorkError, explain

from . import records

settings = get_settings()
BROKER_URL = settings.celery_broker_url or settings.redis_url
BROKER_FORGETS = BROKER_URL.startswith("redis")  # a message that it hands out, see `resend.py`
PUBLISHERS = 100  # requests that may talk to the broker at once
QUEUES = ["high", "default", "low"]  # in the order in which one worker empties them
UNAVAILABLE: dict[type[Exception], str] = {  # what a client reads with a 503
    RedisError: "Redis cannot be reached",
    OperationalError: "the broker cannot be reached",
    records.KeyInUse: "another request with this Idempotency-Key is being answered",
}

# --8<-- [start:settings]
app = Celery(
    "jobs",
    broker=BROKER_URL,
    backend=f"{records.__name__}:QuietBackend+{settings.redis_url}",
    include=[f"{__package__}.{name}" for name in ("worker", "resend", "recipes", "schedule")],
)
app.conf.update(
    accept_content=["json"],
    task_acks_late=True,  # a job is acknowledged when it has ended, not when it begins
    task_reject_on_worker_lost=True,  # and goes back when its process dies
    worker_prefetch_multiplier=1,  # no short job waits behind a long one of another process
    task_track_started=True,
    task_soft_time_limit=settings.job_timeout_s,
    task_time_limit=settings.job_timeout_s + 10,
    result_expires=records.TOUCHED_TTL_S + 60,  # a little longer than the record beside it
    broker_connection_retry_on_startup=True,
    broker_pool_limit=PUBLISHERS,
    worker_enable_remote_control=True,
    worker_soft_shutdown_timeout=settings.drain_s,  # after SIGQUIT; SIGTERM waits for every job
    # Without a routing key each queue takes the default one, and RabbitMQ fills them all.
    task_queues=[Queue(name, routing_key=name) for name in QUEUES],
    task_default_queue="default",
)
if BROKER_FORGETS:
    app.conf.broker_transport_options = {
        # A dead worker's jobs come back after this long; a longer job would run twice.
        "visibility_timeout": settings.visibility_timeout_s,
        # By default only every 100 s somebody looks for them.
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        # Who looks holds a lock; killed while it looks, it would keep all others off for 300 s.
        "unacked_mutex_expire": 5,
        # By default a worker takes turns between its queues; now it empties the first one first.
        "queue_order_strategy": "priority",
    }
    ANSWER_IN_TIME = dict(records.TIMEOUTS)
else:
    # RabbitMQ says that it has the message; without that a dying broker loses it in silence.
    app.conf.broker_transport_options = {"confirm_publish": True}
    ANSWER_IN_TIME = {"connect_timeout": 0.4, "read_timeout": 0.4, "write_timeout": 0.4}
ANSWER_IN_TIME |= {"max_retries": 1, "interval_start": 0, "interval_step": 0}
# --8<-- [end:settings]


consumer: Any = None  # of this worker, once it is ready; Any: Celery's own


@signals.worker_ready.connect
def take_note(sender: Any, **_: object) -> None:
    global consumer
    consumer = sender
    tell_of_worker()


@signals.heartbeat_sent.connect
def tell_of_worker(**_: object) -> None:
    # Asking all workers instead takes a fixed time, and misses those that are slow to answer.
    if consumer:
        records.note_worker(consumer.hostname, consumer.pool.num_processes)


@signals.worker_shutdown.connect
def forget_worker(sender: Any, **_: object) -> None:
    records.forget_worker(sender.hostname)


@signals.worker_init.connect
def prepare_worker(**_: object) -> None:
    set_up(is_api=False)


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
