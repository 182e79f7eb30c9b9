"""What Celery's result backend does not tell of a job, in a Redis hash beside it.

Celery calls an id that it has never heard of PENDING, like one that waits: the hash is the proof
that a job was accepted. It also keeps when, how often and where it ran, and who wants it cancelled.
"""

from collections.abc import Iterator
from datetime import datetime

from celery import Celery
from celery.backends.redis import RedisBackend
from redis import Redis

from scenarios import TaskStatus, get_settings
from scenarios.contract import Kind, Status
from scenarios.errors import explain
from scenarios.status import RanIn, here, now

settings = get_settings()
# Answer in time or fail: an API that waits for its broker for ever is down as well.
TIMEOUTS = {"socket_timeout": 0.4, "socket_connect_timeout": 0.4}
WAITING_TTL_S = 7 * 24 * 3600
TOUCHED_TTL_S = int(settings.result_ttl_s + settings.job_timeout_s)
STATES = {
    "PENDING": Status.QUEUED,
    "RETRY": Status.QUEUED,
    "STARTED": Status.RUNNING,
    "SUCCESS": Status.SUCCEEDED,
    "FAILURE": Status.FAILED,
    "REVOKED": Status.CANCELLED,
}
redis = Redis.from_url(settings.redis_url, decode_responses=True, **TIMEOUTS)


class KeyInUse(Exception):
    """Another request with the same Idempotency-Key has not been answered yet."""


class QuietBackend(RedisBackend):
    """Celery's Redis result backend for an API that looks results up and never waits for them."""

    def on_task_call(self, producer: object, task_id: str) -> None:
        """Do not subscribe to each task's result: with Redis down that froze the API for 19 s."""


def claim(key: str, task_id: str) -> str:
    """Return the task that owns an Idempotency-Key: `task_id` itself, or an earlier one.

    Raises `KeyInUse` while another request with this key has not been answered yet.
    """
    if redis.set(f"key:{key}", f"?{task_id}", nx=True, ex=10):
        return task_id
    owner = str(redis.get(f"key:{key}") or "?")
    if owner.startswith("?"):
        raise KeyInUse("another request with this Idempotency-Key is being answered")
    return owner


def confirm(key: str, task_id: str) -> None:
    """Let every later request with this key have this task."""
    redis.set(f"key:{key}", task_id, ex=TOUCHED_TTL_S)


def add(task_id: str, kind: Kind) -> None:
    """Note that the job was accepted, before a worker can see it."""
    facts = {"kind": kind.value, "queued_at": now().isoformat()}
    with redis.pipeline() as batch:
        batch.hset(_name(task_id), mapping=facts).expire(_name(task_id), WAITING_TTL_S).execute()


def drop(task_id: str, key: str | None) -> None:
    """Forget a job that could not be published."""
    redis.delete(_name(task_id), *([f"key:{key}"] if key else []))


def begin(task_id: str) -> int:
    """Count one start and return how many there have been."""
    with redis.pipeline() as batch:
        batch.hincrby(_name(task_id), "attempts", 1)
        batch.hset(_name(task_id), "started_at", now().isoformat())
        batch.expire(_name(task_id), TOUCHED_TTL_S)
        return int(batch.execute()[0])


def report_progress(task_id: str, percent: int) -> None:
    """Note how far the job is and where it runs."""
    ran_in = here().model_dump_json()
    redis.hset(_name(task_id), mapping={"progress": percent, "ran_in": ran_in})


def ask_to_cancel(task_id: str) -> None:
    """Leave a mark that outlives a revoke, which only running workers hear."""
    redis.hset(_name(task_id), "cancelled_at", now().isoformat())


def is_wanted(task_id: str) -> bool:
    """Tell whether the job was accepted and nobody asked for its end."""
    queued_at, cancelled_at = redis.hmget(_name(task_id), "queued_at", "cancelled_at")
    return bool(queued_at and not cancelled_at)


def read(celery: Celery, task_id: str) -> TaskStatus | None:
    """Put the record and Celery's result together; None for an id that was never accepted."""
    facts = redis.hgetall(_name(task_id))
    if "queued_at" not in facts:
        return None
    # Not AsyncResult: its state and its result are two reads, between which a job may end.
    meta = celery.backend.get_task_meta(task_id)
    state = Status.CANCELLED if "cancelled_at" in facts else STATES[meta["status"]]
    if meta["status"] in ("SUCCESS", "FAILURE"):
        state = STATES[meta["status"]]
    ran_in = facts.get("ran_in")
    return TaskStatus(
        task_id=task_id,
        kind=Kind(facts["kind"]),
        status=state,
        progress=100 if state is Status.SUCCEEDED else int(facts.get("progress", 0)),
        attempts=int(facts.get("attempts", 0)),
        result=meta["result"] if state is Status.SUCCEEDED else None,
        error=explain(meta["result"]) if state is Status.FAILED else None,
        queued_at=datetime.fromisoformat(facts["queued_at"]),
        started_at=facts.get("started_at"),
        finished_at=facts.get("cancelled_at") or meta.get("date_done") if state.is_final else None,
        ran_in=RanIn.model_validate_json(ran_in) if ran_in else None,
    )


def read_all(celery: Celery) -> Iterator[TaskStatus]:
    """Yield every job that is remembered; costs two reads for each."""
    for name in redis.scan_iter(_name("*"), count=1000):
        if task := read(celery, name.partition(":")[2]):
            yield task


def _name(task_id: str) -> str:
    return f"job:{task_id}"
