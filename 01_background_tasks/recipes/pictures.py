"""A chain of jobs: what depends on a broken step is not run, everything else is."""

from uuid import UUID

from fastapi import APIRouter, Depends

from scenarios import image
from scenarios.contract import JSONDict, Operation, Problem
from scenarios.pictures import picture_index
from scenarios.recipes.pictures import Processing, check_exists, make_picture
from scenarios.services import webhook

from .audit import audit_call
from .jobs import Queued, Tasks

router = APIRouter()


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
    processed = tasks.add(process_image, str(image_id), processing.operations, processing.width)
    tasks.add(picture_index.index, str(image_id), needs=processed)
    tasks.add(webhook.send_webhook, str(image_id), needs=processed)
    return Queued(jobs_url=tasks.jobs_url)


def process_image(image_id: str, operations: list[Operation], width: int) -> JSONDict:
    return make_picture(image.find(image_id), image_id, operations, width)


# --8<-- [end:process]
