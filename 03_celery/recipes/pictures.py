"""A chain: three jobs, each of which works on what the one before has returned."""

from uuid import UUID

from fastapi import APIRouter

from scenarios import image
from scenarios.contract import UNKNOWN, JSONDict
from scenarios.pictures import picture_index
from scenarios.recipes.pictures import Processing, check_exists, make_picture
from scenarios.services import webhook

from ..celery_app import app
from ..tasks import AnyTask
from . import jobs
from .jobs import REFUSALS, Queued, Signed

router = APIRouter()


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
    picture_id = str(job.request.id)  # a second run replaces the file of the first
    facts = make_picture(image.find(image_id), picture_id, operations, width)
    return {"picture_id": picture_id, **facts}


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
