"""How a message reaches the broker: by the record of its job."""

import logging
from base64 import b64decode, b64encode
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Any, cast
from uuid import uuid4

from amqp.exceptions import AMQPError
from celery.app.amqp import AMQP
from kombu.exceptions import OperationalError
from kombu.serialization import dumps as serialize
from kombu.transport.redis import PRIORITY_STEPS, Channel
from kombu.utils.json import dumps, loads
from redis.exceptions import RedisError

from scenarios.contract import JSONDict

from . import backend, records
from .celery_app import BROKER_FORGETS, ONE_REDIS, app
from .records import Message

logger = logging.getLogger(__name__)
collecting: ContextVar[list[Message] | None] = ContextVar("collecting", default=None)


# --8<-- [start:publish]
class RecordedAMQP(AMQP):
    """Puts each message into the record of its job; `accept_and_send` brings it to the broker.

    Every job passes here: those of a route, the next of a chain, a retry, what beat sends. So each
    of them can be sent again from its record, under the same id (`resend.py`).
    """

    @cached_property
    def prepare(self) -> Callable[..., Any]:
        """Celery's own way to complete a message, which ends with `producer.publish`."""
        return cast(Callable[..., Any], super()._create_task_sender())  # type: ignore[misc]  # no stub

    def _create_task_sender(self) -> Callable[..., Any]:
        return self.record_and_send

    def record_and_send(self, producer: Any, name: str, message: Any, **options: Any) -> Any:
        headers = message[0]
        if not headers["ignore_result"]:  # else nobody will ask what became of it
            producer, options["retry"] = Recorder(), False  # `resend.py` sends again what fails
        return self.prepare(producer, name, message, **options)


class Recorder:
    """Takes the place of kombu's producer."""

    def publish(
        self,
        body: Any,
        *,
        routing_key: str,
        headers: JSONDict,
        serializer: str,
        priority: int | None = None,
        **options: Any,
    ) -> None:
        """Accept the job of this message, or leave that to the end of `in_one_step`."""
        content_type, encoding, content = serialize(body, serializer=serializer)
        copy = {
            "body": b64encode(content.encode()).decode(),
            "content-encoding": encoding,
            "content-type": content_type,
            "headers": headers,
            "properties": {
                **{name: options[name] for name in ("correlation_id", "reply_to", "delivery_mode")},
                "delivery_info": {"exchange": "", "routing_key": routing_key},
                "priority": priority or 0,
                "body_encoding": "base64",
            },
        }
        if (collected := collecting.get()) is None:
            accept_and_send([to_message(copy)])
        else:
            collected.append(to_message(copy))


def to_message(copy: JSONDict) -> Message:
    """Return what kombu puts on a list of Redis, under a tag of its own."""
    headers, properties = copy["headers"], copy["properties"]
    properties["delivery_tag"] = str(uuid4())  # the broker tells two copies apart by it
    queue = properties["delivery_info"]["routing_key"]
    step = PRIORITY_STEPS[bisect(PRIORITY_STEPS, properties["priority"]) - 1]
    list_name = f"{queue}{Channel.sep}{step}" if step else queue
    return Message(
        headers["id"],
        headers["task"],
        dumps(copy),
        queue,
        list_name if ONE_REDIS else "",
        headers["retries"] or 0,
        headers["group"] or "",
    )


@contextmanager
def in_one_step(**asked: Any) -> Iterator[None]:
    """Accept what is published in this block at its end: all of it, or nothing.

    `asked` is for `records.accept`: a key, or the plan of a workflow.
    """
    collected: list[Message] = []
    before = collecting.set(collected)
    try:
        yield
    finally:
        collecting.reset(before)
    try:
        accept_and_send(collected, **asked)
    except (RedisError, OperationalError):  # of the records, or of the broker
        planned = [task_id for task_id, _ in asked.get("planned", ())]
        records.withdraw(*planned, *(message.task_id for message in collected))
        raise


def accept_and_send(messages: Sequence[Message], **asked: Any) -> list[str]:
    """Take jobs with their messages, and see to it that the broker has these.

    Returns the ids of the jobs that were taken.
    """
    taken = records.accept(messages, **asked)
    for message in messages:  # one that comes later in a workflow may have been cancelled already
        if message.task_id not in taken and records.is_cancelled(message.task_id):
            backend.end_what_follows(message.text)
    if ONE_REDIS:
        return taken  # it did both in one step
    sent = 0
    try:
        for message in messages:
            if message.task_id in taken:
                send(message)
                sent += 1
    except OperationalError as error:
        if not (sent or records.may_wait):
            raise
        # A worker does not fail for that, nor a workflow of which a part is on its way: `resend.py`
        # sends the others from their records.
        logger.warning("the broker does not take %s now: %s", taken[sent:], error)
    return taken


def send(message: Message) -> None:
    """Put a message on a broker that is not the Redis of the records."""
    copy = loads(message.text)
    properties = copy["properties"]
    names = ("correlation_id", "reply_to", "delivery_mode", "priority")
    try:
        with app.producer_or_acquire(None) as producer:
            producer.publish(
                b64decode(copy["body"]),
                content_type=copy["content-type"],
                content_encoding=copy["content-encoding"],
                headers=copy["headers"],
                routing_key=message.queue,
                declare=[app.amqp.queues[message.queue]],
                **{name: properties[name] for name in names},
            )
    except (RedisError, AMQPError, OSError) as error:  # as Celery calls them
        raise OperationalError(str(error)) from error
    if not BROKER_FORGETS:
        records.note_published(message.task_id)


def send_again(task_id: str) -> bool:
    """Send a copy of the message of an open job; False if it has ended, or has a newer one."""
    text = records.redis.hget(f"task:{task_id}", "message")
    return bool(text and accept_and_send([to_message(loads(text))]))


# --8<-- [end:publish]
