"""The API's side: the route publishes on the event loop, and nothing limits how long it waits."""

from typing import Annotated
from uuid import uuid4

from celery.result import AsyncResult
from fastapi import Body, FastAPI

from .celery_app import app as celery
from .celery_app import record, send_email

STATES = {"STARTED": "running", "SUCCESS": "succeeded", "FAILURE": "failed"}
app = FastAPI(title="Celery as in a tutorial")


@app.post("/emails", status_code=202)
async def create_email(
    to: Annotated[str, Body()], subject: Annotated[str, Body()], body: Annotated[str, Body()]
) -> dict[str, str]:
    task_id = str(uuid4())
    # Is Redis away? Celery asks again and again for 19 s, and the event loop waits with it.
    send_email.apply_async((task_id, to, subject, body), task_id=task_id)
    record("accepted", task_id)
    return {"task_id": task_id}


@app.get("/tasks/{task_id}")
def read_task(task_id: str) -> dict[str, str]:
    state = AsyncResult(task_id, app=celery).state
    return {"task_id": task_id, "status": STATES.get(state, "queued")}


@app.get("/healthz")
async def read_health() -> dict[str, str]:
    return {"status": "ok"}
