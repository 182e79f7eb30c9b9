"""A chord: many jobs abreast, and one behind them that works on all their results."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated

from anyio import to_thread
from celery import chord
from fastapi import APIRouter, File, UploadFile
from fastapi.exceptions import RequestValidationError

from scenarios import files, uploads
from scenarios.contract import JSONDict, Operation
from scenarios.errors import BadUpload, WorkError, explain
from scenarios.http import Width
from scenarios.recipes.pictures import make_picture

from ..celery_app import app
from ..tasks import AnyTask
from . import jobs
from .jobs import REFUSALS, Queued, Signed

router = APIRouter()
Pictures = Annotated[list[UploadFile], File(min_length=1, max_length=20)]


# --8<-- [start:chord]
@router.post("/thumbnails", status_code=202, responses=REFUSALS)
async def create_thumbnails(pictures: Pictures, width: Width) -> Queued:
    """Make a thumbnail of each picture, side by side, and a summary when all are done."""
    async with AsyncExitStack() as stored:  # what is refused leaves none of the files behind
        ids = [
            await stored.enter_async_context(store(n, file, width))
            for n, file in enumerate(pictures)
        ]
        # Each job has the id of its file: no message carries a path.
        steps: list[Signed] = [
            make_thumbnail.s(width).set(queue="low", task_id=task_id) for task_id in ids
        ]
        steps.append(summarize.s().set(queue="low"))
        return await to_thread.run_sync(jobs.start, steps, last_after_all)


def last_after_all(steps: list[Signed]) -> Signed:
    return chord(steps[:-1], steps[-1])


# --8<-- [end:chord]
# --8<-- [start:jobs]
@app.task(bind=True)
def make_thumbnail(job: AnyTask, width: int) -> JSONDict:
    task_id = str(job.request.id)
    try:
        return make_picture(files.upload_path(task_id), task_id, [Operation.THUMBNAIL], width)
    except WorkError as error:  # one that is raised would cost all others their summary
        return {"error": explain(error)}


@app.task
def summarize(thumbnails: list[JSONDict]) -> JSONDict:
    """Add up the results, which arrive in the order of the pictures."""
    errors = {str(n): each["error"] for n, each in enumerate(thumbnails) if "error" in each}
    size_bytes = sum(each.get("size_bytes", 0) for each in thumbnails)
    return {"made": len(thumbnails) - len(errors), "errors": errors, "size_bytes": size_bytes}


# --8<-- [end:jobs]
@asynccontextmanager
async def store(number: int, file: UploadFile, width: int) -> AsyncIterator[str]:
    """Check and copy one of several files; a refusal names it by its number."""
    try:
        check = uploads.image_check([Operation.THUMBNAIL], width)
        async with files.stored_upload(file.file, check) as task_id:
            yield task_id
    except BadUpload as error:
        problem = {"type": "value_error", "loc": ("body", "pictures", number), "msg": str(error)}
        raise RequestValidationError([problem]) from error
