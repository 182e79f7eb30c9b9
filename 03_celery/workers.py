"""What a worker does beside its jobs: it makes its folders, and says every 2 s that it lives."""

from typing import Any

from celery import signals

from scenarios import get_settings, set_up

from . import records

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
    set_up(is_api=False, store=get_settings().redis_url)
