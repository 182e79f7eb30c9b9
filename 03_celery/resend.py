"""Sends a job again that was accepted and has no message; every worker looks for such jobs.

Redis forgets a message when it hands it out (BRPOP), while the worker notes it as unacknowledged
only when it has read it: one that is killed in between takes the message along (celery/kombu#305),
and so may one that is stopped (celery/celery#4354). RabbitMQ has no such gap. But it is apart from
the records, so the API may be killed between the two, and what was never published is looked for.
"""

import logging
import time
from collections.abc import Iterator
from typing import Any

from celery import signals

from scenarios import ledger

from . import messages, records
from .celery_app import BROKER_FORGETS, QUEUES, app, settings

logger = logging.getLogger(__name__)
LOOK_EVERY_S = 1
LOCK_S = 5
GRACE_S = 4.0  # from the record to the message, and from the queue to the worker that takes it
LOOK_S = 0.05  # a worker that looks does nothing else meanwhile
SLICE = 100  # messages: Redis reads them whole, and a body may have 100 kB
AT_ONCE = 20  # jobs that are sent again in one look
# Redis takes the ids out of the messages: the bodies, of up to 100 kB each, stay where they are.
# The properties stand at the end of a message, and quotes in a text of the client are escaped.
READ_IDS = """
local texts, cursor, ids = {}, '', {}
if ARGV[1] == 'queue' then
  texts = redis.call('LRANGE', KEYS[1], ARGV[2], ARGV[2] + ARGV[3] - 1)
else
  local found = redis.call('HSCAN', KEYS[1], ARGV[2], 'COUNT', ARGV[3])
  cursor = found[1]
  for n = 2, #found[2], 2 do texts[#texts + 1] = found[2][n] end
end
for _, text in ipairs(texts) do
  ids[#ids + 1] = string.match(string.sub(text, -1000), '"correlation_id": "([^"]*)"')
end
return {cursor, #texts, ids}
"""
search: Iterator[None] | None = None  # of this worker, which goes on where it was


# --8<-- [start:resend]
@signals.heartbeat_sent.connect  # every 2 s, in the main process of a worker
def look_for_lost_jobs(**_: object) -> None:
    """Go on looking, for a moment, for jobs that should have a message and have none.

    Without `task_acks_late` a running job has none: then nobody can tell a lost job from it.
    """
    global search
    if not app.conf.task_acks_late:
        return
    with records.in_passing():
        if search is None and not records.redis.set("looking", 1, nx=True, ex=LOOK_EVERY_S):
            return  # another worker does it
        search = search or (find_lost() if BROKER_FORGETS else find_unpublished())
        mine, search = search, None  # after an error the next look begins anew
        until = time.monotonic() + LOOK_S
        for _step in mine:
            if time.monotonic() > until:
                search = mine
                records.redis.set("looking", 1, ex=LOCK_S)  # the others leave it to this one
                return


def find_unpublished() -> Iterator[None]:
    """Send what was accepted and not noted as published."""
    yield from send_silent(records.read_clock())


def find_lost() -> Iterator[None]:
    """Look into the queues, and send what is not there.

    It costs two numbers as long as there are as many messages as open jobs. A message more than
    those, of a job that has ended, can hide one that is lost: so all are looked at once in a
    visibility timeout.
    """
    began = records.read_clock()
    if not silent_since(began):
        return
    pool: Any = app.pool  # Any: the stubs take it for another one
    with pool.acquire(block=True) as connection:
        channel = connection.default_channel
        with channel.conn_or_acquire() as broker:
            waiting = [channel._q_for_pri(q, p) for q in QUEUES for p in channel.priority_steps]
            unacked = channel.unacked_key
            bring_back(broker, channel.unacked_index_key)
            there = sum(map(broker.llen, waiting)) + broker.hlen(unacked)
            none_missing = there >= records.redis.zcard("tasks:open")
            if none_missing and not silent_since(began - settings.visibility_timeout_s):
                return
            yield from read_messages(broker, waiting, unacked)
    yield from send_silent(began)


def bring_back(broker: Any, index: str) -> None:
    """Count the time of messages anew that a worker took before the date was set back.

    kombu gives them back when their time is over, an hour later if it was set back by an hour.
    """
    now = time.time()
    ahead = broker.zrangebyscore(index, now + GRACE_S, "+inf", start=0, num=AT_ONCE)
    if ahead:
        broker.zadd(index, dict.fromkeys(ahead, now), xx=True)


def send_silent(before: float) -> Iterator[None]:
    """Send the jobs again that were not heard of since a moment before this time."""
    while ids := silent_since(before):
        for task_id in ids:
            if messages.send_again(task_id):
                ledger.record("resent", task_id)
                logger.warning("%s had no message: sent again", task_id)
            yield


def silent_since(moment: float) -> list[str]:
    """Return the open jobs that were not heard of since then, the first ones only."""
    until = moment - GRACE_S
    found = records.redis.zrange("tasks:open", "-inf", until, byscore=True, offset=0, num=AT_ONCE)
    return list(map(str, found))


def read_messages(broker: Any, waiting: list[str], unacked: str) -> Iterator[None]:
    """Note of each job whose message is there that it is; a slice at a time, from the head.

    New messages push the others on, away from the head, so none is passed over.
    """
    read_ids = broker.register_script(READ_IDS)
    for queue in waiting:
        first, seen = 0, SLICE
        while seen == SLICE:
            _, seen, ids = read_ids([queue], ["queue", first, SLICE])
            first += seen
            hear(ids)
            yield
    cursor = b""
    while cursor != b"0":  # the unacknowledged ones last: messages go from the queues to there
        cursor, _, ids = read_ids([unacked], ["unacked", cursor or 0, SLICE])
        hear(ids)
        yield


def hear(ids: list[bytes]) -> None:
    records.change("hear", "", 0, 0, *(task_id.decode() for task_id in ids))


# --8<-- [end:resend]
