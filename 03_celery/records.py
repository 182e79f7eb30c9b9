"""What Celery's result backend does not tell of a job, in a Redis hash beside it.

Celery calls an id that it has never heard of PENDING, like one that waits: the hash is the proof
that a job was accepted. It also keeps when, how often and where it ran, and who wants it cancelled.
What it takes to send the job again lies beside it, until it has ended.
"""

import json
import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from celery import Celery
from celery.backends.redis import RedisBackend
from redis import Redis
from redis.exceptions import RedisError

from scenarios import TaskStatus, get_settings
from scenarios.contract import JSONDict, Kind, Status
from scenarios.errors import explain
from scenarios.status import RanIn, here, now

from .celery_app import TIMEOUTS

logger = logging.getLogger(__name__)
settings = get_settings()
CLAIM_S = 0.8
WORKER_TTL_S = 10  # a worker is heard of every 2 s
WAITING_TTL_S = 7 * 24 * 3600
TOUCHED_TTL_S = int(settings.result_ttl_s + settings.job_timeout_s)
OPEN = "open"  # the accepted jobs that have not ended, by when their message was last known of
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


def add(task_id: str, kind: Kind) -> None:
    """Note the job before a worker can see it."""
    with redis.pipeline() as batch:
        batch.hset(_name(task_id), "kind", kind.value)
        batch.hset(_name(task_id), "queued_at", now().isoformat())
        batch.expire(_name(task_id), WAITING_TTL_S)
        batch.execute()


def accept(task_id: str, key: str | None, arguments: JSONDict | None) -> None:
    """Note that the job is on the broker, and with which arguments it can be sent again.

    Every later request with this key has this task. A Redis that fails just now takes neither
    back: the job is on its way, and to refuse it would be wrong.
    """
    try:
        with redis.pipeline() as batch:
            if arguments is not None:
                batch.set(f"arguments:{task_id}", json.dumps(arguments), ex=WAITING_TTL_S)
                batch.zadd(OPEN, {task_id: time.time()})
            if key:
                batch.set(f"key:{key}", task_id, ex=TOUCHED_TTL_S)
            batch.execute()
    except RedisError as error:
        logger.warning("%s is on the broker, but that was not noted: %s", task_id, error)


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


def end(task_id: str) -> None:
    """Note that the job has ended; what Redis does not take now, the look for lost jobs finds."""
    with suppress(RedisError), redis.pipeline() as batch:
        batch.zrem(OPEN, task_id)
        batch.delete(f"arguments:{task_id}")
        batch.execute()


def find_unheard(silence_s: float, most: int) -> set[str]:
    """Return the open jobs whose message was last known of this long ago, the first ones only."""
    until = time.time() - silence_s
    return set(map(str, redis.zrange(OPEN, "-inf", until, byscore=True, offset=0, num=most)))


def note_messages(task_ids: Iterable[str]) -> None:
    """Note of each job that is open that its message is where it should be."""
    ids = list(task_ids)
    for first in range(0, len(ids), 1000):  # more at once would pass the time limit of an answer
        redis.zadd(OPEN, dict.fromkeys(ids[first : first + 1000], time.time()), xx=True)


def read_arguments(task_id: str) -> JSONDict | None:
    """Return what the job was published with; None once it has ended."""
    text = redis.get(f"arguments:{task_id}")
    return json.loads(text) if text else None


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
