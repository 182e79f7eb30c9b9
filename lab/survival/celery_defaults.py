"""Puts a worker's delivery settings back to Celery's own defaults: what 03 guards against.

celery -A 03_celery.celery_app worker --include lab.survival.celery_defaults
"""

from typing import Any

from celery import signals
from celery.app.defaults import NAMESPACES

NAMES = (
    ("task", "acks_late"),
    ("task", "reject_on_worker_lost"),
    ("task", "retry_on_worker_lost"),
    ("worker", "prefetch_multiplier"),
    ("worker", "soft_shutdown_timeout"),
    ("broker", "transport_options"),  # visibility timeout and sweep among them
)
DEFAULTS = {f"{group}_{name}": NAMESPACES[group][name].default for group, name in NAMES}


@signals.worker_init.connect
def reset(sender: Any, **_: object) -> None:
    """Put the defaults back, also where a worker or a task has copied the settings of 03."""
    sender.app.conf.update(DEFAULTS)
    sender.prefetch_multiplier = DEFAULTS["worker_prefetch_multiplier"]
    for task in sender.app.tasks.values():
        task.acks_late = bool(DEFAULTS["task_acks_late"])
        task.reject_on_worker_lost = DEFAULTS["task_reject_on_worker_lost"]
        task.retry_on_worker_lost = DEFAULTS["task_retry_on_worker_lost"]
