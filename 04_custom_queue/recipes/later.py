"""Delayed jobs: an e-mail in so many seconds, or at a time."""

import time
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, Field, ValidationInfo, field_validator

from scenarios.contract import EmailIn, Kind, example, new_task_id
from scenarios.http import Key

from ..job_queue import Task
from .jobs import LONGEST_WAIT_S, REFUSALS, Queue, start

router = APIRouter()
Delay = Annotated[float, Field(gt=0, le=LONGEST_WAIT_S)]


class LaterEmail(EmailIn):
    """An e-mail, and when to send it: one of two ways to say so."""

    model_config = example(to="ann@example.com", subject="Reminder", body="It is time.", delay_s=60)

    delay_s: Delay | None = None
    at: AwareDatetime | None = Field(None, validate_default=True, description="With its zone.")

    @field_validator("at")
    @classmethod
    def check_time(cls, at: AwareDatetime | None, info: ValidationInfo) -> AwareDatetime | None:
        if "delay_s" in info.data and (at is None) is (info.data["delay_s"] is None):
            raise ValueError("give either delay_s or at")
        if at and at.timestamp() - time.time() > LONGEST_WAIT_S:
            raise ValueError("the time is more than 30 days ahead")
        return at


# --8<-- [start:later]
@router.post("/emails/later", status_code=202, responses=REFUSALS)
async def create_later_email(email: LaterEmail, queue: Queue, key: Key = None) -> Response:
    """Send an e-mail later; until then it takes no worker, can be cancelled, and counts as queued.

    In memory a restart loses it. With QUEUE_DB one that came due meanwhile runs at the next start.
    """
    has_passed = email.at and email.at.timestamp() <= time.time()
    if has_passed and not (key and await queue.store.find_key(key)):  # else it was asked in time
        problem = {"type": "value_error", "loc": ("body", "at"), "msg": "the time has passed"}
        raise RequestValidationError([problem])
    # A due time, and no job that sleeps: four of those for tomorrow, and nothing runs today.
    arguments = {"to": email.to, "subject": email.subject, "body": email.body}
    task = Task(new_task_id(), Kind.EMAIL, arguments, priority=2, key=key)
    task.delay_s, task.due = email.delay_s or 0, email.at.timestamp() if email.at else 0
    return await start(queue, task, email)


# --8<-- [end:later]
