"""A chain of jobs: what depends on a broken step is not run, everything else is."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field

from scenarios import files, image
from scenarios.contract import JSONDict, Operation, Operations, Problem, Width
from scenarios.errors import WorkError
from scenarios.pictures import picture_index
from scenarios.services import webhook

from .audit import audit_call
from .jobs import Queued, Tasks

router = APIRouter()


class Processing(BaseModel):
    """What to do to a picture."""

    operations: Operations
    width: Annotated[Width, Field(strict=True)] = 256


def process_image(image_id: UUID, operations: list[Operation], width: int) -> JSONDict:
    picture, kind = image.load(image.find(str(image_id)), width)
    picture = image.transform(picture, operations, width)
    content = image.encode(picture, kind)
    files.publish(str(image_id), image.SUFFIXES[kind], content)
    return {
        "width": picture.width,
        "height": picture.height,
        "format": kind,
        "operations": operations,
        "size_bytes": len(content),
    }


# --8<-- [start:process]
@router.post(
    "/images/{image_id}/process",
    status_code=202,
    responses={404: {"model": Problem}},
    dependencies=[Depends(audit_call)],
)
def process(image_id: UUID, processing: Processing, tasks: Tasks) -> Queued:
    """Process a picture that `POST /images` has made; then index it, then tell the webhook."""
    check_exists(image_id)
    # `needs`: otherwise index and webhook announce a picture that could not be made.
    processed = tasks.add(process_image, image_id, processing.operations, processing.width)
    tasks.add(picture_index.index, str(image_id), needs=processed)
    tasks.add(webhook.send_webhook, str(image_id), needs=processed)
    return Queued(jobs_url=tasks.jobs_url)


# --8<-- [end:process]
def check_exists(image_id: UUID) -> None:
    """Raise 404 if there is no such picture."""
    try:
        image.find(str(image_id))
    except WorkError as error:
        raise HTTPException(404, str(error)) from None
