"""A chain: three jobs, each of which works on what the one before has returned."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from scenarios import files, image
from scenarios.contract import UNKNOWN, JSONDict, Operation, Operations, Width
from scenarios.errors import WorkError
from scenarios.pictures import picture_index
from scenarios.services import webhook

from ..celery_app import app
from ..tasks import AnyTask
from . import jobs
from .jobs import REFUSALS, Queued, Signed

router = APIRouter()


class Processing(BaseModel):
    """What to do to a picture."""

    operations: Operations
    width: Annotated[Width, Field(strict=True)] = 256


# --8<-- [start:chain]
@router.post("/images/{image_id}/process", status_code=202, responses=REFUSALS | UNKNOWN)
def process(image_id: UUID, processing: Processing) -> Queued:
    """Process a picture that `POST /images` has made; then index it; then tell the webhook."""
    check_exists(image_id)
    steps: list[Signed] = [
        process_picture.s(str(image_id), processing.operations, processing.width),
        index_picture.s(),
        tell_webhook.s(),
    ]
    return jobs.start(steps)


# --8<-- [end:chain]
@app.task(bind=True)
def process_picture(job: AnyTask, image_id: str, operations: list[str], width: int) -> JSONDict:
    picture, kind = image.load(image.find(image_id), width)
    picture = image.transform(picture, [Operation(name) for name in operations], width)
    content = image.encode(picture, kind)
    picture_id = str(job.request.id)  # a second run replaces the file of the first
    files.publish(picture_id, image.SUFFIXES[kind], content)
    return {
        "picture_id": picture_id,
        "width": picture.width,
        "height": picture.height,
        "format": kind,
        "operations": operations,
        "size_bytes": len(content),
    }


# --8<-- [start:steps]
@app.task
def index_picture(facts: JSONDict) -> JSONDict:
    """Take what the step before returned, and return it for the step behind."""
    picture_index.index(facts["picture_id"], facts)
    return facts


@app.task
def tell_webhook(facts: JSONDict) -> JSONDict:
    webhook.send_webhook(facts["picture_id"], facts)
    return facts


# --8<-- [end:steps]
def check_exists(image_id: UUID) -> None:
    """Raise 404 if there is no such picture."""
    try:
        image.find(str(image_id))
    except WorkError as error:
        raise HTTPException(404, str(error)) from None
