"""Dead letters: the jobs that failed for good, and a way to run them again."""

import json
import time
from typing import Annotated, Any

from celery import signals
from fastapi import APIRouter, HTTPException, Query

from scenarios import get_settings
from scenarios.contract import UNKNOWN, JSONDict, Kind
from scenarios.errors import explain
from scenarios.status import now

from .. import records
from ..celery_app import app
from . import jobs
from .jobs import REFUSALS, Queued

router = APIRouter()
TTL_S = max(1, int(get_settings().result_ttl_s))
MOST = 1000  # letters that are kept, the newest ones
MOST_BYTES = 64 * 1024**2  # that they hold: each may have a text of 100 kB
FORGET_OLDEST = """
local most, left_bytes = tonumber(ARGV[1]), tonumber(ARGV[2])
for n, id in ipairs(redis.call('ZREVRANGE', 'dead', 0, -1)) do
  left_bytes = left_bytes - redis.call('STRLEN', 'dead:' .. id)
  if n > most or left_bytes < 0 then
    redis.call('DEL', 'dead:' .. id)
    redis.call('ZREM', 'dead', id)
  end
end
"""
NEED_A_FILE = {Kind.REPORT, Kind.IMAGE, "make_thumbnail"}  # whose upload has gone with the failure
Limit = Annotated[int, Query(ge=1, le=MOST)]


# --8<-- [start:keep]
@signals.task_failure.connect  # after the last attempt, in the process that ran the job
def keep_dead_letter(sender: Any, task_id: str, exception: BaseException, **facts: Any) -> None:
    """Keep what is needed to run the job again; the message itself is gone."""
    letter = {
        "task_id": task_id,
        "name": sender.name,
        "error": explain(exception),
        "failed_at": now().isoformat(),
        "args": list(facts["args"] or []),
        "kwargs": dict(facts["kwargs"] or {}),
    }
    with records.in_passing():  # Redis away: the job has failed all the same
        records.redis.setex(f"dead:{task_id}", TTL_S, json.dumps(letter))
        records.redis.zadd("dead", {task_id: time.time()})
        records.redis.zremrangebyscore("dead", 0, time.time() - TTL_S)
        records.redis.eval(FORGET_OLDEST, 0, MOST, MOST_BYTES)


# --8<-- [end:keep]
# --8<-- [start:list]
@router.get("/dead-letters", responses=REFUSALS)
def read_dead_letters(limit: Limit = 100) -> list[JSONDict]:
    """List the jobs that failed for good, the last one first; RESULT_TTL_S later they are gone."""
    ids = records.redis.zrange("dead", 0, limit - 1, desc=True)
    texts = records.redis.mget([f"dead:{task_id!s}" for task_id in ids]) if ids else []
    return [json.loads(text) for text in texts if text]


# --8<-- [end:list]
# --8<-- [start:retry]
@router.post("/dead-letters/{task_id}/retry", status_code=202, responses=REFUSALS | UNKNOWN)
def retry_dead_letter(task_id: str) -> Queued:
    """Run a job again, as a new one with a new id; of two requests at once one does."""
    letter = json.loads(records.redis.get(f"dead:{task_id}") or "{}")
    if records.short(letter.get("name", "")) in NEED_A_FILE:
        raise HTTPException(409, "its file went when it failed: send it again")
    if not letter:
        raise unknown(task_id)
    # A new job: a final state never changes, and the client may have read it already.
    job = app.signature(letter["name"], letter["args"], letter["kwargs"])
    try:  # with a key, one of two requests is taken; what is refused keeps its letter
        queued = jobs.start([job], key=f"\n{task_id}")  # no client's: a header has no line breaks
    except records.Accepted:
        raise unknown(task_id) from None
    records.redis.delete(f"dead:{task_id}")
    records.redis.zrem("dead", task_id)
    return queued


def unknown(task_id: str) -> HTTPException:
    return HTTPException(404, f"no dead letter {task_id[:80]!r}")


# --8<-- [end:retry]
