"""Sends a job again whose message the broker has lost; every worker looks for such jobs.

Redis forgets a message when it hands it out (BRPOP), and a worker notes it as unacknowledged when
it has read it. One that is killed in between takes the message along (celery/kombu#305), and so
may one that is stopped (celery/celery#4354). RabbitMQ has no such gap.
"""

import json
import logging
from typing import Any

from celery import signals

from scenarios import ledger
from scenarios.contract import Kind

from . import records
from .celery_app import BROKER_FORGETS, QUEUES, app, settings
from .tasks import JOBS

logger = logging.getLogger(__name__)
LOOK_EVERY_S = 1
AT_ONCE = 100  # jobs: a worker that looks does nothing else meanwhile
missing: set[str] = set()  # what this worker did not find when it last looked


# --8<-- [start:resend]
@signals.heartbeat_sent.connect  # every 2 s, in the main process of a worker
def look_for_lost_jobs(**_: object) -> None:
    """Send each job again that was not heard of for the visibility timeout and has no message.

    A job that waits or runs has its message in a queue or among the unacknowledged ones. Without
    `task_acks_late` a running one has none: then nobody can tell a lost job from a running one.
    """
    global missing
    if not (BROKER_FORGETS and app.conf.task_acks_late):
        return
    if not records.redis.set("looking", 1, nx=True, ex=LOOK_EVERY_S):
        return  # another worker does it
    before, missing = missing, records.find_unheard(settings.visibility_timeout_s, AT_ONCE)
    if not missing:
        return
    held = read_held_ids()
    records.note_messages(held)
    missing -= held
    # On the way to a worker a message is nowhere: only what is missing twice is lost.
    for task_id in missing & before:
        send_again(task_id)


def send_again(task_id: str) -> None:
    records.note_messages([task_id])  # first: what fails now is tried again, but after the others
    task, arguments = records.read(app, task_id), records.read_arguments(task_id)
    if task is None or task.status.is_final or arguments is None:
        records.end(task_id)
        return
    JOBS[Kind(task.kind)].apply_async(kwargs=arguments, task_id=task_id)
    ledger.record("resent", task_id)
    logger.warning("the broker has lost the message of %s: sent again", task_id)


def read_held_ids() -> set[str]:
    """Return the task of each message that waits or is unacknowledged, at one moment.

    This reads every waiting message: once in a visibility timeout while jobs wait for that long,
    and once more when one is missing.
    """
    with app.connection_for_read() as connection:
        channel: Any = connection.default_channel  # Any: the stubs know neither client nor keys
        with channel.conn_or_acquire() as client, client.pipeline() as batch:
            for queue in QUEUES:
                for priority in channel.priority_steps:
                    batch.lrange(channel._q_for_pri(queue, priority), 0, -1)
            batch.hvals(channel.unacked_key)
            *waiting, unacked = batch.execute()
    messages = [json.loads(text) for texts in waiting for text in texts]
    messages += [json.loads(text)[0] for text in unacked]
    return {message["headers"].get("id", "") for message in messages}


# --8<-- [end:resend]
