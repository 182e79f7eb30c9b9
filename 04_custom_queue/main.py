"""A custom queue: the job waits in a bounded priority queue, workers in this process take it.

Needs nothing but FastAPI and asyncio; `job_queue.py` is the queue, pictures run in processes.
A restart loses what cannot end within DRAIN_S, and all that was known; with QUEUE_DB nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Response, UploadFile

from scenarios import WORK, TaskStatus, contract, files, get_settings, http, ledger, set_up, uploads
from scenarios.contract import EmailIn, Kind, QueueMetrics, Status
from scenarios.http import Key, OrderFile, Steps, Title, Width
from scenarios.idempotency import fingerprint
from scenarios.status import log_change

from . import recipes
from .job_queue import JobQueue, QueueFull, QueueUnavailable, Task
from .limits import read_limits
from .store import choose_knows, choose_store

settings = get_settings()
PRIORITY = {Kind.EMAIL: 2, Kind.REPORT: 1, Kind.IMAGE: 0}  # short jobs first
tasks: JobQueue


# --8<-- [start:pattern]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    global tasks
    db = settings.queue_db
    set_up(is_api=True, store=db, knows=choose_knows(db))
    work, in_process = WORK | recipes.WORK, {Kind.IMAGE, *recipes.IN_PROCESS}
    tasks = JobQueue(choose_store(db), work, read_limits(), in_process, note, files.forget)
    app.state.tasks = tasks  # for the recipes
    async with tasks.running(settings.drain_s):
        yield


app = FastAPI(title="Custom queue", lifespan=lifespan, max_body_size=settings.max_upload_bytes)
http.complete(app, {QueueUnavailable: "the file of the queue cannot be used now"})
app.include_router(recipes.router)


async def start(task_id: str, kind: Kind, key: str | None, **arguments: Any) -> Response:
    stands_for = await asyncio.to_thread(fingerprint, task_id, kind, arguments) if key else None
    try:
        task = await tasks.put(Task(task_id, kind, arguments, PRIORITY[kind], key, stands_for))
    except (QueueFull, QueueUnavailable) as error:
        raise http.refused(str(error)) from error
    if task.task_id != task_id:
        files.take_back(task_id)
    return http.accepted(task.task_id)


def note(event: str, task: Task) -> None:
    ledger.record(event, task.task_id, kind=task.kind, attempt=task.attempts, error=task.error)
    log_change(event, task.task_id, task.kind, task.attempts, task.error)
    if task.status is Status.CANCELLED:
        files.discard_upload(task.task_id)


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
async def read_task(task_id: str) -> TaskStatus:
    if not (task := await tasks.find(task_id)):
        raise http.unknown(task_id)
    return TaskStatus.model_validate(task, from_attributes=True)


@app.get("/tasks/{task_id}/result", responses=contract.DOWNLOAD, response_class=Response)
async def read_result(task_id: str) -> Response:
    return http.download(await read_task(task_id))


# --8<-- [start:cancel]
@app.delete("/tasks/{task_id}", status_code=202, responses=contract.CONFLICT)
async def cancel_task(task_id: str) -> TaskStatus:
    task = await tasks.find(task_id)
    if not task or not await tasks.cancel(task):
        raise http.too_late(await read_task(task_id))
    return await read_task(task_id)


# --8<-- [end:cancel]
@app.get("/metrics/queue")
async def read_metrics() -> QueueMetrics:
    return await tasks.metrics()
