"""What a worker does beside its jobs: it checks how it is run, and says every 2 s that it lives."""

import logging
from typing import Any

from celery import signals
from celery.utils.text import str_to_list
from celery.worker.state import active_requests, reserved_requests

from scenarios import set_up
from scenarios.contract import JSONDict

from . import records
from .celery_app import BROKER_FORGETS, QUEUES, settings

logger = logging.getLogger(__name__)
consumer: Any = None  # of this worker, once it is ready; Any: Celery's own
PREFORK_ONLY = (
    "this worker must run with --pool prefork, not {pool}: only a process can be ended from"
    " outside, for a DELETE and when a job takes longer than JOB_TIMEOUT_S"
)
TOO_SHORT = (
    "VISIBILITY_TIMEOUT_S=%d is not above JOB_TIMEOUT_S=%g: Redis hands out a job again that still"
    " runs, which is held back until that run has ended; set it higher"
)

NO_SUCH_QUEUE = "there is no queue {names}: a worker takes jobs from {known}"
TWO_VALUES = (
    "{place} sets visibility_timeout to {other!r}, and VISIBILITY_TIMEOUT_S is {ours}: set it by"
    " VISIBILITY_TIMEOUT_S alone, because pauses before a retry and the search for lost jobs follow"
    " it, and the shortest timeout of any worker gives its jobs to a second one"
)


@signals.celeryd_init.connect
def check_queues(options: JSONDict, **_: object) -> None:
    """Refuse `--queues` of another name with one sentence."""
    chosen: Any = options.get("queues") or []  # a list, or a text with commas
    if unknown := set(str_to_list(chosen)) - set(QUEUES):
        raise SystemExit(
            NO_SUCH_QUEUE.format(names=", ".join(sorted(unknown)), known=", ".join(QUEUES))
        )


@signals.worker_init.connect
def prepare_worker(sender: Any, **_: object) -> None:
    """Refuse what would break a promise, with one sentence; and make the folders."""
    pool = sender.pool_cls.__module__.rpartition(".")[2]
    if pool != "prefork":
        raise SystemExit(PREFORK_ONLY.format(pool=pool))
    if place := find_other_timeout(sender.app.conf):
        raise SystemExit(TWO_VALUES.format(**place, ours=settings.visibility_timeout_s))
    if BROKER_FORGETS and settings.visibility_timeout_s <= settings.job_timeout_s:
        logger.warning(TOO_SHORT, settings.visibility_timeout_s, settings.job_timeout_s)
    records.may_wait = True
    set_up(is_api=False, store=settings.redis_url, knows=records.known)


def find_other_timeout(conf: Any) -> JSONDict | None:
    """Return the first place in Celery's settings where the visibility timeout is not ours."""
    places = {
        "broker_transport_options": conf.broker_transport_options,
        "result_backend_transport_options": conf.result_backend_transport_options,
        "app.conf": conf,
    }
    for place, options in places.items():
        other = options.get("visibility_timeout", settings.visibility_timeout_s)
        if other != settings.visibility_timeout_s:
            return {"place": place, "other": other}
    return None


@signals.worker_ready.connect
def take_note(sender: Any, **_: object) -> None:
    global consumer
    consumer = sender
    tell_of_worker()


@signals.heartbeat_sent.connect
def tell_of_worker(**_: object) -> None:
    """Tell the records of this worker, of the jobs that it runs and of those that it holds.

    Asking all workers instead takes a fixed time, and misses those that are slow to answer.
    """
    if not (consumer and consumer.pool._pool):  # not yet ready, or no longer
        return
    running = [request.id for request in active_requests]
    held = [request.id for request in reserved_requests if request not in active_requests]
    facts = (consumer.hostname, consumer.pool.num_processes, len(running))
    with records.in_passing():
        records.change("hear", *facts, *running, *held)


@signals.worker_shutdown.connect
def forget_worker(sender: Any, **_: object) -> None:
    with records.in_passing():
        records.redis.hdel("workers", sender.hostname)
