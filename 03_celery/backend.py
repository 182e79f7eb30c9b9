"""Where Celery's own steps become transitions of the record: each publish and each end."""

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
from celery import states
from celery.app.amqp import AMQP
from celery.app.task import Context
from celery.backends.redis import RedisBackend
from celery.exceptions import TaskRevokedError
from kombu.exceptions import OperationalError
from kombu.serialization import dumps as serialize
from kombu.transport.redis import PRIORITY_STEPS, Channel
from kombu.utils.json import dumps, loads
from redis.exceptions import RedisError

from scenarios import files, ledger
from scenarios.contract import JSONDict, Status
from scenarios.errors import explain

from . import records
from .celery_app import BROKER_FORGETS, ONE_REDIS, app
from .records import Message

logger = logging.getLogger(__name__)
AWAY = (RedisError, OperationalError)  # the records, or the broker
collecting: ContextVar[list[Message] | None] = ContextVar("collecting", default=None)
STATES = {
    states.RETRY: (Status.QUEUED, "retried"),
    states.SUCCESS: (Status.SUCCEEDED, "finished"),
    states.FAILURE: (Status.FAILED, "failed"),
    states.REVOKED: (Status.CANCELLED, "cancelled"),
}


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
        if not message[0]["ignore_result"]:  # else nobody will ask what became of it
            producer, options["retry"] = Recorder(), False  # what fails is sent again by the relay
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
    except AWAY:
        planned = [task_id for task_id, _ in asked.get("planned", ())]
        records.withdraw(*planned, *(message.task_id for message in collected))
        raise


def accept_and_send(messages: Sequence[Message], **asked: Any) -> None:
    """Take jobs with their messages, and see to it that the broker has these."""
    taken = records.accept(messages, **asked)
    if ONE_REDIS:
        return  # it did both in one step
    try:
        for message in messages:
            if message.task_id in taken:
                send(message)
    except OperationalError as error:
        if not records.may_wait:
            raise
        # A worker does not fail for that: the relay sends them again from their records.
        logger.warning("the broker does not take %s now: %s", taken, error)


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
    """Send a copy of the message of an open job; False if it has ended."""
    text = records.redis.hget(f"task:{task_id}", "message")
    if text:
        accept_and_send([to_message(loads(text))])
    return bool(text)


# --8<-- [end:publish]
Untyped: Any = RedisBackend  # the stubs lack most of what it inherits


# --8<-- [start:backend]
class RecordBackend(Untyped):  # type: ignore[misc]
    """Celery's result backend: a result is an end of the record, and the first end is the last.

    Chords stay with Celery's own backend for Redis.
    """

    client = records.redis  # it waits in a worker, and never in the API

    def on_task_call(self, producer: object, task_id: str) -> None:
        """Do not subscribe to each task's result: with Redis down that froze the API for 19 s."""

    def add_pending_result(self, result: Any, weak: bool = False, **options: Any) -> Any:
        """Nor to the results of a group: nobody waits for them here, `weak` says so."""
        return result if weak else super().add_pending_result(result, weak, **options)

    def store_result(
        self,
        task_id: str,
        result: Any,
        state: str,
        traceback: Any = None,
        request: Any = None,
        **_: Any,
    ) -> Any:
        """End the job, or let it wait for its next attempt; the ledger is told if this was so."""
        status, event = STATES[state]
        error = explain(result) if isinstance(result, BaseException) else ""
        stored = self.encode_result(result, state)
        meta = self._get_result_meta(stored, state, traceback, request)
        text = str(self.encode({"task_id": task_id, **meta}))
        run = getattr(request, "run", "")  # the main process speaks for a run that has died
        if records.close(task_id, run, status, text, error):
            ledger.record(event, task_id, error=error or None)
            if state in states.READY_STATES:
                files.discard_upload(task_id)
        return stored

    def _get_task_meta_for(self, task_id: str) -> JSONDict:
        status, meta = records.redis.hmget(f"task:{task_id}", ["status", "meta"])
        if status == Status.RUNNING or not meta:
            state = states.STARTED if status == Status.RUNNING else states.PENDING
            return {"status": state, "result": None}
        decoded: JSONDict = self.decode_result(meta)
        return decoded

    def _forget(self, task_id: str) -> None:
        records.change("forget", task_id)

    # Killed between its end and what follows from it, a job would not run again: its chord or
    # chain would wait for ever. So what follows comes first, and counts once even if done twice.

    def mark_as_done(
        self,
        task_id: str,
        result: Any,
        request: Any = None,
        store_result: bool = True,
        state: str = states.SUCCESS,
    ) -> None:
        self.release(request, result, state)
        if store_result:
            self.store_result(task_id, result, state, request=request)

    def mark_as_failure(
        self, task_id: str, exc: Any, traceback: Any = None, request: Any = None, **options: Any
    ) -> None:
        self.release(request, exc, options.get("state", states.FAILURE))
        super().mark_as_failure(task_id, exc, traceback, request, **options)

    def mark_as_revoked(
        self, task_id: str, reason: str = "", request: Any = None, **options: Any
    ) -> None:
        self.release(request, TaskRevokedError(reason), states.REVOKED)
        super().mark_as_revoked(task_id, reason, request, **options)

    def release(self, request: Any, result: Any, state: str) -> None:
        """Count the job in its chord; end the rest of its chain if it has not succeeded."""
        if request and request.chord:
            self.on_chord_part_return(request, state, result)
        if request and state != states.SUCCESS:
            self._fail_chain(request.chain, result, state=state)


def end_what_follows(message: str) -> None:
    """End the rest of a chain or chord whose next job was cancelled before it ran."""
    copy = loads(message)
    args, kwargs, embed = loads(b64decode(copy["body"]))
    request = Context(copy["headers"], args=args, kwargs=kwargs, **embed)
    backend: Any = app.backend  # a `RecordBackend`
    backend.release(request, TaskRevokedError("cancelled"), states.REVOKED)


# --8<-- [end:backend]
