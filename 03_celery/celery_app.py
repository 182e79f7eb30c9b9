"""The Celery app and its settings: what the API publishes with and the workers run."""

import os

from celery import Celery
from kombu import Queue
from redis.connection import DefaultParser
from redis.exceptions import ConnectionError as RedisConnectionError

from scenarios import get_settings

settings = get_settings()
# A socket has another scheme in Celery than in redis-py.
REDIS_URL = settings.redis_url.replace("unix://", "socket://", 1)
BROKER_URL = settings.celery_broker_url or settings.redis_url
BROKER_URL = BROKER_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
# Celery's own variables would override what is set here; its command reads BROKER_URL, too.
if settings.celery_broker_url:
    os.environ["CELERY_BROKER_URL"] = BROKER_URL
for name in ("BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL"):
    if os.environ.get(name):
        raise SystemExit(f"cannot start: {name} must not be set, use CELERY_BROKER_URL")
if os.environ.get("CELERY_RESULT_BACKEND"):
    raise SystemExit("cannot start: CELERY_RESULT_BACKEND must not be set, use REDIS_URL")
BROKER_FORGETS = not BROKER_URL.startswith("amqp")  # a message that it hands out: `resend.py`
# Then a message reaches the broker in the same step that accepts its job.
ONE_REDIS = settings.celery_broker_url in (None, settings.redis_url)
PUBLISHERS = 100  # requests that may talk to the broker at once
# Answer in time or fail: an API that waits for its broker for ever is down as well.
ANSWER_S = 0.4
TIMEOUTS = {"socket_timeout": ANSWER_S, "socket_connect_timeout": ANSWER_S}
MODULES = ["tasks", "workers", "resend", "recipes", "schedule"]
QUEUES = ["high", "default", "low"]  # in the order in which one worker empties them


class RefusesWrites(RedisConnectionError):
    """Redis answers and takes nothing now: its disk is full, a replica is missing, it became one.

    redis-py takes most of these for a mistake in the command: the worker ended, and what had just
    run was run again. As a broken connection it is waited for.
    """


for code in ("MISCONF", "NOREPLICAS", "READONLY", "MASTERDOWN", "BUSY"):
    DefaultParser.EXCEPTION_CLASSES[code] = RefusesWrites


# --8<-- [start:settings]
app = Celery(
    "jobs",
    broker=BROKER_URL,
    include=[f"{__package__}.{name}" for name in MODULES],
    # Three hooks of Celery's, through which each job has a record of its own (`records.py`).
    task_cls=f"{__package__}.tasks:Job",
    amqp=f"{__package__}.messages:RecordedAMQP",
    backend=f"{__package__}.backend:RecordBackend+{REDIS_URL}",
)
app.conf.update(
    accept_content=["json"],
    task_acks_late=True,  # a job is acknowledged when it has ended, not when it begins
    task_reject_on_worker_lost=True,  # and goes back when its process dies
    worker_prefetch_multiplier=1,  # a worker takes no job before one of its processes is free
    result_expires=None,  # nothing of an open job expires; `records.sweep` removes what has ended
    broker_connection_retry_on_startup=True,
    broker_pool_limit=PUBLISHERS,
    worker_enable_remote_control=True,
    worker_soft_shutdown_timeout=settings.drain_s,  # after SIGQUIT; SIGTERM waits for every job
    task_create_missing_queues=False,  # a name that nobody takes from would keep its jobs for ever
    # Without a routing key each queue takes the default one, and RabbitMQ fills them all.
    task_queues=[Queue(name, routing_key=name) for name in QUEUES],
    task_default_queue="default",
)
if BROKER_FORGETS:
    app.conf.broker_transport_options = {
        # A dead worker's jobs come back after this long; a longer job would run twice.
        "visibility_timeout": settings.visibility_timeout_s,
        # By default only every 100 s somebody looks for them.
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        # A worker that looks holds a lock. If it is killed meanwhile, the lock must not last 300 s.
        "unacked_mutex_expire": 5,
        # --8<-- [start:order]
        # By default a worker takes turns between its queues; now it empties the first one first.
        "queue_order_strategy": "priority",
        # --8<-- [end:order]
    }
    ANSWER_IN_TIME = dict(TIMEOUTS)
else:
    # RabbitMQ says that it has the message; without that a dying broker loses it in silence.
    app.conf.broker_transport_options = {"confirm_publish": True}
    if BROKER_URL.startswith("amqps"):
        # Without it any valid certificate will do; None stands for the name in the URL.
        app.conf.broker_use_ssl = {"server_hostname": None}
    ANSWER_IN_TIME = {"connect_timeout": 0.4, "read_timeout": 0.4, "write_timeout": 0.4}
ANSWER_IN_TIME |= {"max_retries": 1, "interval_start": 0, "interval_step": 0}
# --8<-- [end:settings]


def answer_in_time() -> None:
    """Let the API fail instead of waiting for a broker that is away; a worker may wait."""
    app.conf.broker_transport_options |= ANSWER_IN_TIME
