"""Celery: the API puts the job on a broker, worker processes take it from there.

Needs a broker (Redis) and a worker; `celery_app.py` has the settings, `tasks.py` the jobs.
A restart of the API loses nothing, and a worker that dies gives its jobs back.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Response, UploadFile

from scenarios import TaskStatus, contract, files, get_settings, http, set_up, uploads
from scenarios.contract import EmailIn, Kind, QueueMetrics
from scenarios.http import Key, OrderFile, Steps, Title, Width

from . import celery_app, recipes, records, tasks

settings = get_settings()
publishers = CapacityLimiter(celery_app.PUBLISHERS)


# --8<-- [start:pattern]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    # Every minute, in a thread: forget what ended long ago, and remove its files.
    set_up(is_api=True, sweep=records.sweep, store=settings.redis_url, knows=records.known)
    celery_app.answer_in_time()
    yield


app = FastAPI(title="Celery", lifespan=lifespan, max_body_size=settings.max_upload_bytes)
http.complete(app, unavailable=tasks.UNAVAILABLE)
app.include_router(recipes.router)


async def start(task_id: str, kind: Kind, key: str | None, **arguments: Any) -> Response:
    if not publishers.available_tokens:
        raise http.refused("the broker is too slow")
    # In a thread: publishing waits for the broker, and the event loop must not.
    owner = await to_thread.run_sync(
        tasks.publish, tasks.JOBS[kind], task_id, key, arguments, limiter=publishers
    )
    if owner != task_id:  # an earlier request had the same Idempotency-Key
        files.take_back(task_id)
    return http.accepted(owner)


# --8<-- [end:pattern]
# --8<-- [start:routes]
@app.post("/emails", status_code=202, responses=contract.ACCEPTS)
async def create_email(email: EmailIn, key: Key = None) -> Response:
    return await start(contract.new_task_id(), Kind.EMAIL, key, **email.model_dump())


@app.post("/reports", status_code=202, responses=contract.ACCEPTS)
async def create_report(file: OrderFile, title: Title, key: Key = None) -> Response:
    async with files.stored_upload(file.file, uploads.check_csv) as task_id:
        return await start(task_id, Kind.REPORT, key, title=title)


@app.post("/images", status_code=202, responses=contract.ACCEPTS)
async def create_image(
    file: UploadFile, operations: Steps, width: Width, key: Key = None
) -> Response:
    async with files.stored_upload(file.file, uploads.image_check(operations, width)) as task_id:
        return await start(task_id, Kind.IMAGE, key, operations=operations, width=width)


@app.get("/tasks/{task_id}", responses=contract.UNKNOWN)
def read_task(task_id: str) -> TaskStatus:  # `def`: FastAPI reads Redis in a thread
    if not (task := records.read(task_id)):
        raise http.unknown(task_id)
    return task


@app.get("/tasks/{task_id}/result", responses=contract.DOWNLOAD, response_class=Response)
def read_result(task_id: str) -> Response:
    return http.download(read_task(task_id))


# --8<-- [start:cancel]
@app.delete("/tasks/{task_id}", status_code=202, responses=contract.CONFLICT)
def cancel_task(task_id: str) -> TaskStatus:
    task = read_task(task_id)
    if not tasks.cancel(task_id):
        raise http.too_late(task)
    return read_task(task_id)


# --8<-- [end:cancel]
@app.get("/metrics/queue")
def read_metrics() -> QueueMetrics:
    return records.count()
