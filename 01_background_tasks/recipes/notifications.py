"""A push message: a call of another service, which needs a secret."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from scenarios import get_settings
from scenarios.contract import Line
from scenarios.services.service import call_async, configured

from .jobs import Queued, Tasks

router = APIRouter()
settings = get_settings()


class Push(BaseModel):
    """A message for one device."""

    token: str = Field(pattern=r"^[A-Za-z0-9_:.-]{1,500}$", description="Names the device.")
    title: Line
    body: str = Field(max_length=2000)


# --8<-- [start:notify]
@router.post("/notify", status_code=202)
async def notify_user(push: Push, tasks: Tasks) -> Queued:
    """Push a message to one device, after the answer."""
    tasks.add(send_push, push.token, push.title, push.body)
    return Queued(jobs_url=tasks.jobs_url)


async def send_push(token: str, title: str, body: str) -> None:
    message = {"to": token, "notification": {"title": title, "body": body}}
    # Read here and not in the route: so it stands in no argument, no record and no log line.
    headers = {"Authorization": f"Bearer {settings.push_key}"} if settings.push_key else {}
    url = configured(settings.push_url, "PUSH_URL")
    await call_async("the push service", "POST", url, json=message, headers=headers)


# --8<-- [end:notify]
