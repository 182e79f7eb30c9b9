"""asyncio.create_task: the job starts at once, on the event loop of this process.

Needs nothing but FastAPI and asyncio; blocking work goes to threads of its own.
A restart loses every job that cannot end within DRAIN_S, and what was known of all of them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Response, UploadFile

from scenarios import WORK, Tasks, TaskStatus, contract, files, get_settings, http, set_up, uploads
from scenarios.contract import EmailIn, JSONDict, Kind, QueueMetrics
from scenarios.http import IgnoredKey as Key
from scenarios.http import OrderFile, Steps, Title, Width

from . import recipes
from .tracked import create_tracked_task, drain, refuse_if_full, run_in_thread, running

settings = get_settings()
tasks = Tasks()


# --8<-- [start:pattern]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    # Every minute, in a thread: forget what ended long ago, and remove its files.
    set_up(is_api=True, sweep=lambda: files.forget(tasks.forget_ended(settings.result_ttl_s)))
    app.state.tasks = tasks  # for the recipes
    yield
    await drain()


app = FastAPI(title="create_task", lifespan=lifespan, max_body_size=settings.max_upload_bytes)
http.complete(app)
app.include_router(recipes.router)


def start(task_id: str, kind: Kind, **arguments: Any) -> Response:
    refuse_if_full()
    create_tracked_task(task_id, run(tasks.accept(task_id, kind), arguments))
    return http.accepted(task_id)


async def run(task: TaskStatus, arguments: JSONDict) -> None:
    try:
        if task.kind is Kind.EMAIL:
            task.succeed(await work(task, arguments))
        else:
            task.succeed(await run_in_thread(work, task, arguments))
    except asyncio.CancelledError:
        task.interrupt()  # unless the cancel route has already said why
        raise
    except BaseException as error:  # the job boundary: not even `sys.exit` may end the app
        task.fail(error)


def work(task: TaskStatus, arguments: JSONDict) -> Any:
    """Begin the job: the e-mail, an `async def`, gives a coroutine that `run` awaits."""
    task.begin()  # where it runs, so that a task which waits for a thread is queued
    return WORK[task.kind](task.task_id, report_progress=task.report_progress, **arguments)


# --8<-- [end:pattern]
# --8<-- [start:routes]
@app.post("/emails", status_code=202, responses=contract.ACCEPTS)
async def create_email(email: EmailIn, key: Key = None) -> Response:
    return start(contract.new_task_id(), Kind.EMAIL, **email.model_dump())


@app.post("/reports", status_code=202, responses=contract.ACCEPTS)
async def create_report(file: OrderFile, title: Title, key: Key = None) -> Response:
    async with files.stored_upload(file.file, uploads.check_csv) as task_id:
        return start(task_id, Kind.REPORT, title=title)


@app.post("/images", status_code=202, responses=contract.ACCEPTS)
async def create_image(
    file: UploadFile, operations: Steps, width: Width, key: Key = None
) -> Response:
    async with files.stored_upload(file.file, uploads.image_check(operations, width)) as task_id:
        return start(task_id, Kind.IMAGE, operations=operations, width=width)


@app.get("/tasks/{task_id}", responses=contract.UNKNOWN)
async def read_task(task_id: str) -> TaskStatus:
    if task_id not in tasks:
        raise http.unknown(task_id)
    return tasks[task_id]


@app.get("/tasks/{task_id}/result", responses=contract.DOWNLOAD, response_class=Response)
async def read_result(task_id: str) -> Response:
    return http.download(await read_task(task_id))


@app.delete("/tasks/{task_id}", status_code=202, responses=contract.CONFLICT)
async def cancel_task(task_id: str) -> TaskStatus:
    task = await read_task(task_id)
    if task.status.is_final or task_id not in running:
        raise http.too_late(task)
    task.cancel()
    running[task_id].cancel()
    files.discard_upload(task_id)
    return task


@app.get("/metrics/queue")
async def read_metrics() -> QueueMetrics:
    return tasks.count(workers=settings.max_running)
