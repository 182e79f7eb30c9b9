"""What Celery's result backend does not tell of a job, in a Redis hash beside it.

Celery calls an id that it has never heard of PENDING, like one that waits: the hash is the proof
that a job was accepted. It also keeps when, how often and where it ran, and who wants it cancelled.
"""

import time
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
CLAIM_S = 0.8
WORKER_TTL_S = 10  # a worker is heard of every 2 s
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

    Waits for another request with this key that has not been answered yet; raises `KeyInUse`
    when that takes too long.
    """
    deadline = time.monotonic() + CLAIM_S
    while time.monotonic() < deadline:
        if redis.set(f"key:{key}", f"?{task_id}", nx=True, ex=10):
            return task_id
        owner = str(redis.get(f"key:{key}") or "?")
        if not owner.startswith("?"):
            return owner
        time.sleep(0.02)  # the other request is between its claim and its 202
    raise KeyInUse("another request with this Idempotency-Key is being answered")


def confirm(key: str, task_id: str) -> None:
    """Let every later request with this key have this task."""
    redis.set(f"key:{key}", task_id, ex=TOUCHED_TTL_S)


def add(task_id: str, kind: Kind) -> None:
    """Note that the job was accepted, before a worker can see it."""
    with redis.pipeline() as batch:
        batch.hset(_name(task_id), "kind", kind.value)
        batch.hset(_name(task_id), "queued_at", now().isoformat())
        batch.expire(_name(task_id), WAITING_TTL_S)
        batch.execute()


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
    facts = {str(name): str(value) for name, value in redis.hgetall(_name(task_id)).items()}
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


def note_worker(name: str, processes: int) -> None:
    """Note that a worker lives, and how many jobs it can run at once."""
    redis.set(f"worker:{name}", processes, ex=WORKER_TTL_S)


def forget_worker(name: str) -> None:
    """Note that a worker has ended."""
    redis.delete(f"worker:{name}")


def count_workers() -> int:
    """Return how many jobs the workers that were heard of lately can run at once."""
    names = list(redis.scan_iter("worker:*", count=1000))
    return sum(int(processes) for processes in redis.mget(names) if processes) if names else 0


def _name(task_id: str) -> str:
    return f"job:{task_id}"
