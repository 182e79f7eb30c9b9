"""The record of each accepted job, in Redis: everything that is known of it, in one place.

Celery alone calls an id that it has never heard of PENDING, like one that waits. Here a job has a
record from its acceptance until RESULT_TTL_S after its end, and `records.lua` has the only ways in
which it changes. Each is one step for Redis: nobody sees a record in between.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import uuid4

from celery.exceptions import Ignore
from celery.worker.state import maybe_shutdown
from kombu.exceptions import OperationalError
from kombu.utils.json import loads
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from scenarios import TaskStatus, files, get_settings, ledger
from scenarios.contract import JSONDict, QueueMetrics, Status
from scenarios.idempotency import KeyReused
from scenarios.status import RanIn, here

from .celery_app import ANSWER_S, TIMEOUTS

logger = logging.getLogger(__name__)
settings = get_settings()
HEARD_S = 10.0  # a worker is heard of every 2 s
SILENT_S = 6.0  # a run that was not heard of for longer has died with its worker
AT_ONCE = 100  # jobs in one step: Redis does nothing else meanwhile
AWAY = (RedisConnectionError, RedisTimeoutError, OutOfMemoryError)
NOT_OURS = "the job is another run's by now"
may_wait = False  # True in a worker


class Patience(Retry):
    """Ask Redis again in a worker until it answers; the API must fail at once instead.

    To a worker an outage is no failure of the job, and what was done must not be done again.
    """

    def __init__(self) -> None:
        super().__init__(NoBackoff(), 0, AWAY)

    def call_with_retry(self, do: Callable[[], Any], *args: Any, **options: Any) -> Any:
        """Call `do`; what Redis refuses while it is full or starting counts as no answer, too."""
        while True:
            try:
                return super().call_with_retry(do, *args, **options)
            except AWAY as error:
                if not may_wait:
                    raise
                logger.warning("waiting for Redis: %s", error)
                maybe_shutdown()  # only the main process of a worker knows that it has to end
                time.sleep(0.5)


@contextmanager
def in_passing() -> Iterator[None]:
    """Let a worker go on without what is done in this block if Redis is away."""
    global may_wait
    before, may_wait = may_wait, False
    try:
        yield
    except (RedisError, OperationalError, OSError) as error:
        logger.warning("not now: %s", error)
    finally:
        may_wait = before


redis = Redis.from_url(settings.redis_url, decode_responses=True, retry=Patience(), **TIMEOUTS)
script = redis.register_script(Path(__file__).with_suffix(".lua").read_text(encoding="utf-8"))


class Accepted(Exception):
    """The Idempotency-Key belongs to an earlier job, `task_id`: this one must not be published."""

    def __init__(self, task_id: str) -> None:
        super().__init__(task_id)
        self.task_id = task_id


class Clock:
    """Redis' clock, as far as its last answer tells.

    No job may be accepted after its client has read a 503, so the API names a deadline in it.
    """

    ahead_s = float("-inf")

    def learn(self, redis_time: str) -> None:
        """Take the time of an answer; it is a little old by now, which shortens the next limit."""
        self.ahead_s = float(redis_time) - time.monotonic()

    def deadline(self) -> str:
        """Return until when Redis may take a job whose client waits; none in a worker."""
        return "" if may_wait else repr(time.monotonic() + self.ahead_s + ANSWER_S)


clock = Clock()


# --8<-- [start:transitions]
def change(transition: str, *arguments: str | float) -> Any:  # Any: what the script returns
    """Do one step of `records.lua`."""
    return script(args=[transition, *arguments])


@dataclass(frozen=True)
class Message:
    """What makes a worker run a job; with `list_name`, Redis itself puts it on that list."""

    task_id: str
    name: str
    text: str
    queue: str
    list_name: str = ""
    retries: int = 0
    group: str = ""


def accept(
    messages: Sequence[Message],
    key: str = "",
    fingerprint: str = "",
    jobs_id: str = "",
    planned: Sequence[tuple[str, str]] = (),
) -> list[str]:
    """Take jobs with their messages, all in one step; return those that had not ended before.

    `planned` are the jobs of a workflow by id and name, also those whose messages come later.
    Raises `Accepted` if another job has this key, and `KeyReused` if the key was used for another
    request.
    """
    facts = [*chain.from_iterable(planned), *chain.from_iterable(map(astuple, messages))]
    for _ in range(2):  # the clock of Redis may be unknown, or have been set anew
        asked = (clock.deadline(), key, fingerprint, jobs_id, len(planned))
        outcome, redis_time, *ids = change("accept", *asked, *facts)
        clock.learn(redis_time)
        if outcome != "late":
            break
    if outcome == "late":
        raise RedisError("Redis answers too late")
    if outcome == "same":
        raise Accepted(ids[0])
    if outcome == "reused":
        raise KeyReused
    return list(map(str, ids))


def withdraw(*task_ids: str) -> None:
    """Forget jobs that could not be published, as soon as Redis answers again."""

    def give_back() -> None:
        for _ in range(60):
            with suppress(RedisError):
                change("withdraw", *task_ids)
                return
            time.sleep(1)

    thread = threading.Thread(target=give_back, daemon=True)
    thread.start()
    thread.join(ANSWER_S / 2)  # the client has waited enough


def note_published(task_id: str) -> None:
    """Note that the broker has the message and keeps it."""
    redis.zrem("tasks:open", task_id)


def begin(task_id: str) -> tuple[str, str, int]:
    """Start a run if this delivery may: return `go`, the name of the run, and how many it makes.

    `busy`: another delivery runs; `unknown`, or how it has ended: there is nothing to do.
    """
    run = uuid4().hex
    outcome, *attempts = change("begin", task_id, run, SILENT_S)
    if outcome == "granted":  # a wish to cancel it, which its last run did not hear of
        note_cancelled(task_id)
        outcome = Status.CANCELLED
    return outcome, run, int(attempts[0]) if attempts else 0


def report_progress(task_id: str, run: str, percent: int) -> None:
    """Note how far the job is and where it runs. With Redis away it goes on without that.

    Raises `Ignore` if the job is not this run's any more: whoever has it does the rest.
    """
    with in_passing():
        if not change("progress", task_id, run, percent, here().model_dump_json()):
            raise Ignore(NOT_OURS)


def is_lost(task_id: str, run: str) -> bool:
    """Tell whether the job is another run's by now."""
    return bool((redis.hget(f"task:{task_id}", "run") or run) != run)


def is_cancelled(task_id: str) -> bool:
    return bool(redis.hget(f"task:{task_id}", "status") == Status.CANCELLED)


def close(task_id: str, run: str, status: Status, meta: str, error: str) -> Status | None:
    """End a job, or let it wait for its next attempt; return what became of it.

    None: it had ended before, is another run's, or has no record.
    """
    became = change("close", task_id, run, status.value, meta, error)
    return Status(became) if became else None


def put_back(task_id: str, run: str) -> None:
    """Let another worker have the job at once: the process that runs it is being ended."""
    with in_passing():
        if change("put_back", task_id, run) == Status.CANCELLED:
            note_cancelled(task_id)


def cancel(task_id: str, *, waiting_only: bool = False) -> tuple[str, str | None]:
    """End a job that waits (`cancelled`, with its message), or note the wish if it is `running`.

    `ended`: it is too late.
    """
    outcome, *message = change("cancel", task_id, int(waiting_only))
    if outcome == "cancelled":
        note_cancelled(task_id)
    return outcome, message[0] if message else None


# --8<-- [end:transitions]
def note_cancelled(task_id: str) -> None:
    ledger.record("cancelled", task_id)
    files.discard_upload(task_id)


def sweep() -> None:
    """Forget what ended more than RESULT_TTL_S ago: files, key and record of each job."""
    change("forget_workers", HEARD_S)
    while ids := change("expired", settings.result_ttl_s, AT_ONCE):
        files.forget(ids)  # first: what a crash leaves undone is found again by its record
        change("forget", *ids)


def known(task_ids: list[str]) -> list[str]:
    """Return those of these jobs that have a record."""
    with redis.pipeline(transaction=False) as batch:
        for task_id in task_ids:
            batch.exists(f"task:{task_id}")
        return [task_id for task_id, found in zip(task_ids, batch.execute(), strict=True) if found]


def read(task_id: str) -> TaskStatus | None:
    """Return what is known of a job; None for an id that was never accepted."""
    facts: dict[str, str] = redis.hgetall(f"task:{task_id}")  # type: ignore[assignment]  # not async
    if "status" not in facts:
        return None
    status = Status(facts["status"])
    ran_in = facts.get("ran_in")
    meta: JSONDict = loads(facts.get("meta", "{}"))
    return TaskStatus(
        task_id=task_id,
        kind=short(facts["name"]),
        status=status,
        progress=100 if status is Status.SUCCEEDED else int(facts.get("progress", 0)),
        attempts=int(facts["attempts"]),
        result=meta["result"] if status is Status.SUCCEEDED else None,
        # Of a job that waits for its next attempt it is what went wrong in the last one.
        error=facts.get("error") or None if status in (Status.FAILED, Status.QUEUED) else None,
        queued_at=to_datetime(facts["queued_at"]),
        started_at=to_datetime(facts.get("started_at")),
        finished_at=to_datetime(facts.get("finished_at")),
        ran_in=RanIn.model_validate_json(ran_in) if ran_in else None,
    )


def count() -> QueueMetrics:
    """Count the jobs by status. What this costs does not depend on how many there are."""
    with redis.pipeline(transaction=False) as batch:
        for status in ("queued", "running", "succeeded", "failed"):
            batch.zcard(f"tasks:{status}")
        batch.zrange("tasks:queued", 0, 0, withscores=True)
        batch.hvals("workers")
        batch.time()
        queued, running, succeeded, failed, oldest, workers, (seconds, micros) = batch.execute()
    now = seconds + micros / 1e6
    heard = [(int(processes), float(at)) for processes, at in map(str.split, workers)]
    return QueueMetrics(
        queued=queued,
        running=running,
        succeeded=succeeded,
        failed=failed,
        oldest_queued_s=max(0.0, now - oldest[0][1]) if oldest else 0.0,
        workers=sum(processes for processes, at in heard if now - at < HEARD_S),
    )


def read_clock() -> float:
    """Return the time of Redis, which is the time in the records."""
    seconds, micros = redis.time()
    return float(seconds) + micros / 1e6


def short(name: str) -> str:
    """Return the name of a job without its module."""
    return name.rpartition(".")[2]


def to_datetime(seconds: str | None) -> Any:  # Any: None only where the text may be missing
    return datetime.fromtimestamp(float(seconds), UTC) if seconds else None
