"""Messages to phones: urgent ones first, and errors that pass told from errors that stay."""

import random
from typing import Annotated, Literal

from celery import Task, group
from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from scenarios import get_settings
from scenarios.contract import JSONDict, Line
from scenarios.errors import TransientError
from scenarios.services.service import call, configured

from ..celery_app import app
from . import jobs
from .jobs import REFUSALS, Queued

router = APIRouter()
settings = get_settings()
UserId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Notification(BaseModel):
    """One message to one user."""

    user_id: UserId
    message: Line
    channels: set[Literal["push", "sms"]] = Field({"push", "sms"}, min_length=1, fail_fast=True)


# --8<-- [start:critical]
@router.post("/notifications/critical", status_code=202, responses=REFUSALS)
def create_critical_notification(notification: Notification) -> Queued:
    """Tell one user something urgent: it goes before all other jobs."""
    # Three queues alone are no priorities: by default a worker takes turns between them. It needs
    # a worker of its own, or `queue_order_strategy` (`celery_app.py`).
    return publish(notification, "high")


@router.post("/notifications", status_code=202, responses=REFUSALS)
def create_notification(notification: Notification) -> Queued:
    """Tell one user something that may wait."""
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
    """Try again what may pass, with growing pauses; give up at once what will not."""
    content = {"channel": channel, "to": user_id, "message": message}
    try:
        call(f"the {channel} service", "POST", service(), json=content, headers=secret())
    except TransientError as error:
        # `exc`: without it the record tells of the retry, and not of what went wrong.
        raise job.retry(exc=error, countdown=pause_s(job.request.retries)) from error
    return {"channel": channel, "to": user_id}


def pause_s(retries: int) -> float:
    """Return a wait that doubles each time; half of it is chance, so that clients spread out.

    Celery's own jitter is chance in full: its waits often begin with 0 s.
    """
    longest = min(settings.retry_base_s * 2.0**retries, 60.0)
    return longest * random.uniform(0.5, 1)


# --8<-- [end:errors]
def service() -> str:
    return configured(settings.push_url, "PUSH_URL")


def secret() -> dict[str, str]:
    """Return the key, read where the job runs: in an argument it would lie in the broker."""
    return {"Authorization": f"Bearer {settings.push_key}"} if settings.push_key else {}
