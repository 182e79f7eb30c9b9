"""Many calls in one job: async code inside a Celery task."""

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel, Field

from scenarios.contract import JSONDict, Line
from scenarios.errors import TransientError, WorkError, explain
from scenarios.services.service import call_async

from ..celery_app import app
from . import jobs
from .jobs import REFUSALS, Queued
from .notifications import UserId, secret, service

router = APIRouter()
CALLS_AT_ONCE = 10


class Broadcast(BaseModel):
    """One message to many users."""

    user_ids: set[UserId] = Field(min_length=1, max_length=1000, fail_fast=True)
    message: Line


# --8<-- [start:async]
@router.post("/notifications/broadcast", status_code=202, responses=REFUSALS)
def create_broadcast(wanted: Broadcast) -> Queued:
    """Tell many users at once, in one job that makes its calls side by side."""
    step = broadcast.s(sorted(wanted.user_ids), wanted.message).set(queue="low")
    return jobs.start([step])


@app.task
def broadcast(user_ids: list[str], message: str) -> JSONDict:
    # `def`: what an `async def` task returns is a coroutine, which Celery neither awaits nor can
    # send (EncodeError). The loop lives as long as this job, so nothing of it may be kept.
    return asyncio.run(tell_all(user_ids, message))


async def tell_all(user_ids: list[str], message: str) -> JSONDict:
    """Call for each user; one that fails does not stop the others."""
    limit = asyncio.Semaphore(CALLS_AT_ONCE)
    failed: dict[str, str] = {}

    async def tell(user_id: str) -> None:
        content = {"channel": "push", "to": user_id, "message": message}
        try:
            async with limit:
                await call_async(
                    "the push service", "POST", service(), json=content, headers=secret()
                )
        except (TransientError, WorkError) as error:
            failed[user_id] = explain(error)

    async with asyncio.TaskGroup() as calls:
        for user_id in user_ids:
            calls.create_task(tell(user_id))
    return {"sent": len(user_ids) - len(failed), "failed": failed}


# --8<-- [end:async]
