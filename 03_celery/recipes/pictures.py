"""Workflows: a chain of three jobs, and a chord: many jobs abreast and one behind them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated
from uuid import UUID

from anyio import to_thread
from celery import chord
from fastapi import APIRouter, File, HTTPException, UploadFile
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field

from scenarios import files, image, picture_index, uploads, webhook
from scenarios.contract import UNKNOWN, JSONDict, Operation, Operations, Width
from scenarios.errors import WorkError, explain
from scenarios.http import Width as WidthField
from scenarios.uploads import BadUpload

from ..celery_app import app
from ..tasks import AnyTask
from . import jobs
from .jobs import REFUSALS, Queued, Signed

router = APIRouter()
Pictures = Annotated[list[UploadFile], File(min_length=1, max_length=20)]


class Processing(BaseModel):
    """What to do to a picture."""

    operations: Operations
    width: Annotated[Width, Field(strict=True)] = 256


# --8<-- [start:chain]
@router.post("/images/{image_id}/process", status_code=202, responses=REFUSALS | UNKNOWN)
def process(image_id: UUID, processing: Processing) -> Queued:
    """Process a picture that `POST /images` has made; then index it; then tell the webhook.

    Three jobs instead of one: a webhook that fails is tried again, the picture is not processed
    again. A step that fails for good ends all steps behind it with its error.
    """
    check_exists(image_id)
    steps: list[Signed] = [
        process_picture.s(str(image_id), processing.operations, processing.width),
        index_picture.s(),
        tell_webhook.s(),
    ]
    return jobs.start(steps)


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


@app.task
def index_picture(facts: JSONDict) -> JSONDict:
    """Take what the step before returned, and return it for the step behind."""
    picture_index.index(facts["picture_id"], facts)
    return facts


@app.task
def tell_webhook(facts: JSONDict) -> JSONDict:
    webhook.send_webhook(facts["picture_id"], facts)
    return facts


# --8<-- [end:chain]
# --8<-- [start:chord]
@router.post("/thumbnails", status_code=202, responses=REFUSALS)
async def create_thumbnails(pictures: Pictures, width: WidthField) -> Queued:
    """Make a thumbnail of each picture, side by side, and a summary when all are done."""
    async with AsyncExitStack() as stored:  # what is refused leaves none of the files behind
        ids = [await stored.enter_async_context(store(n, file)) for n, file in enumerate(pictures)]
        # Each job has the id of its file: no message carries a path.
        steps: list[Signed] = [
            make_thumbnail.s(width).set(queue="low", task_id=task_id) for task_id in ids
        ]
        steps.append(summarize.s().set(queue="low"))
        return await to_thread.run_sync(jobs.start, steps, last_after_all)


def last_after_all(steps: list[Signed]) -> Signed:
    return chord(steps[:-1], steps[-1])


@app.task(bind=True)
def make_thumbnail(job: AnyTask, width: int) -> JSONDict:
    """Return a failure as a result: one that is raised would cost the others their summary."""
    try:
        picture, kind = image.load(files.upload_path(str(job.request.id)), width)
        thumbnail = image.transform(picture, [Operation.THUMBNAIL], width)
    except WorkError as error:
        return {"error": explain(error)}
    content = image.encode(thumbnail, kind)
    files.publish(str(job.request.id), image.SUFFIXES[kind], content)
    return {"width": thumbnail.width, "height": thumbnail.height, "size_bytes": len(content)}


@app.task
def summarize(thumbnails: list[JSONDict]) -> JSONDict:
    """Add up the results, which arrive in the order of the pictures."""
    errors = {str(n): each["error"] for n, each in enumerate(thumbnails) if "error" in each}
    size_bytes = sum(each.get("size_bytes", 0) for each in thumbnails)
    return {"made": len(thumbnails) - len(errors), "errors": errors, "size_bytes": size_bytes}


# --8<-- [end:chord]
@asynccontextmanager
async def store(number: int, file: UploadFile) -> AsyncIterator[str]:
    """Check and copy one of several files; a refusal names it by its number."""
    try:
        async with files.stored_upload(file.file, uploads.check_image) as task_id:
            yield task_id
    except BadUpload as error:
        problem = {"type": "value_error", "loc": ("body", "pictures", number), "msg": str(error)}
        raise RequestValidationError([problem]) from error


def check_exists(image_id: UUID) -> None:
    """Raise 404 if there is no such picture."""
    try:
        image.find(str(image_id))
    except WorkError as error:
        raise HTTPException(404, str(error)) from None
