"""Messages to phones: urgent ones first, errors told apart, and many calls in one job."""

import asyncio
import random
from typing import Annotated, Literal

import httpx
from celery import Task, group
from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from scenarios import get_settings
from scenarios.contract import JSONDict, Line
from scenarios.errors import TransientError, WorkError, explain
from scenarios.service import calling, configured

from ..celery_app import app
from . import jobs
from .jobs import REFUSALS, Queued

router = APIRouter()
settings = get_settings()
UserId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
CALLS_AT_ONCE = 10


class Notification(BaseModel):
    """One message to one user."""

    user_id: UserId
    message: Line
    channels: set[Literal["push", "sms"]] = Field({"push", "sms"}, min_length=1)


class Broadcast(BaseModel):
    """One message to many users."""

    user_ids: set[UserId] = Field(min_length=1, max_length=1000)
    message: Line


# --8<-- [start:critical]
@router.post("/notifications/critical", status_code=202, responses=REFUSALS)
def create_critical_notification(notification: Notification) -> Queued:
    """Publish to the queue `high`; it goes first where a worker of its own reads it, or where
    one worker reads all queues in order (`queue_order_strategy` in `celery_app.py`).

    Three queues alone are no priorities: by default a worker takes turns between them.
    """
    return publish(notification, "high")


@router.post("/notifications", status_code=202, responses=REFUSALS)
def create_notification(notification: Notification) -> Queued:
    """Publish to the queue `low`: news may wait."""
    return publish(notification, "low")


def publish(notification: Notification, queue: str) -> Queued:
    # One job for each channel: a retry of both would repeat the push that has arrived.
    steps = [
        notify.s(channel, notification.user_id, notification.message).set(queue=queue)
        for channel in sorted(notification.channels)
    ]
    return jobs.start(steps, group)


# --8<-- [end:critical]
# --8<-- [start:errors]
@app.task(bind=True, autoretry_for=())
def notify(job: "Task[..., JSONDict]", channel: str, user_id: str, message: str) -> JSONDict:
    """Try again what may pass, with growing pauses; give up at once what will not.

    A broad `autoretry_for` sends a 404 four times; `retry()` without `exc` hides what went wrong.
    """
    try:
        with (
            calling(f"the {channel} service"),
            httpx.Client(timeout=settings.call_timeout_s, headers=secret()) as client,
        ):
            content = {"channel": channel, "to": user_id, "message": message}
            client.post(service(), json=content).raise_for_status()
    except TransientError as error:
        raise job.retry(exc=error, countdown=pause_s(job.request.retries)) from error
    return {"channel": channel, "to": user_id}


def pause_s(retries: int) -> float:
    """Return a wait that doubles each time; half of it is chance, so that clients spread out.

    Celery's own jitter is chance in full: its waits often begin with 0 s.
    """
    longest = min(settings.retry_base_s * 2.0**retries, 60.0)
    return longest * random.uniform(0.5, 1)


# --8<-- [end:errors]
# --8<-- [start:async]
@router.post("/notifications/broadcast", status_code=202, responses=REFUSALS)
def create_broadcast(wanted: Broadcast) -> Queued:
    """Tell many users at once, in one job that makes its calls side by side."""
    step = broadcast.s(sorted(wanted.user_ids), wanted.message).set(queue="low")
    return jobs.start([step])


@app.task
def broadcast(user_ids: list[str], message: str) -> JSONDict:
    """Run async code in a `def` task: the result of an `async def` task is a coroutine, which
    Celery does not await and cannot send (EncodeError).
    """
    return asyncio.run(tell_all(user_ids, message))


async def tell_all(user_ids: list[str], message: str) -> JSONDict:
    """Call for each user; one that fails does not stop the others."""
    limit = asyncio.Semaphore(CALLS_AT_ONCE)
    failed: dict[str, str] = {}

    async def tell(client: httpx.AsyncClient, user_id: str) -> None:
        try:
            async with limit:
                with calling("the push service"):
                    content = {"channel": "push", "to": user_id, "message": message}
                    (await client.post(service(), json=content)).raise_for_status()
        except (TransientError, WorkError) as error:
            failed[user_id] = explain(error)

    async with (
        httpx.AsyncClient(timeout=settings.call_timeout_s, headers=secret()) as client,
        asyncio.TaskGroup() as calls,
    ):
        for user_id in user_ids:
            calls.create_task(tell(client, user_id))
    return {"sent": len(user_ids) - len(failed), "failed": failed}


# --8<-- [end:async]
def service() -> str:
    return configured(settings.push_url, "PUSH_URL")


def secret() -> dict[str, str]:
    """Return the key, read where the job runs: in an argument it would lie in the broker."""
    return {"Authorization": f"Bearer {settings.push_key}"} if settings.push_key else {}
