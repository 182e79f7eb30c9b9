"""BackgroundTasks: FastAPI runs the job in this process, after the response has been sent.

Needs nothing but FastAPI: an `async def` job runs on the event loop, a `def` job in a thread.
A restart waits for the running jobs, a crash loses them, and both forget every status.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import BackgroundTasks, FastAPI, Response, UploadFile

from scenarios import WORK, Tasks, TaskStatus, contract, files, get_settings, http, set_up, uploads
from scenarios.contract import EmailIn, JSONDict, Kind, QueueMetrics
from scenarios.http import IgnoredKey as Key
from scenarios.http import OrderFile, Steps, Title, Width

from . import recipes

settings = get_settings()
tasks = Tasks()


# --8<-- [start:pattern]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    # Every minute, in a thread: forget what ended long ago, and remove its files.
    set_up(is_api=True, sweep=lambda: files.forget(tasks.forget_ended(settings.result_ttl_s)))
    app.state.tasks = tasks  # for the recipes
    yield  # uvicorn has waited for the background tasks, or has cut them off
    for _ in range(10):  # let jobs that were cut off close their connections and note it
        await asyncio.sleep(0)


app = FastAPI(title="BackgroundTasks", lifespan=lifespan, max_body_size=settings.max_upload_bytes)
http.complete(app)
app.include_router(recipes.router)


def start(background: BackgroundTasks, task_id: str, kind: Kind, **arguments: Any) -> Response:
    task = tasks.accept(task_id, kind)
    background.add_task(run if kind is Kind.EMAIL else run_in_thread, task, arguments)
    return http.accepted(task_id)


async def run(task: TaskStatus, arguments: JSONDict) -> None:
    try:
        task.succeed(await work(task, arguments))
    except asyncio.CancelledError:  # uvicorn --timeout-graceful-shutdown has run out
        task.interrupt()
        raise
    except BaseException as error:  # the job boundary: not even `sys.exit` drops the jobs behind it
        task.fail(error)


def run_in_thread(task: TaskStatus, arguments: JSONDict) -> None:
    try:
        task.succeed(work(task, arguments))
    except BaseException as error:  # the same boundary for a `def` job
        task.fail(error)


def work(task: TaskStatus, arguments: JSONDict) -> Any:
    """Begin the job: the e-mail, an `async def`, gives a coroutine that `run` awaits."""
    task.begin()  # where it runs, so that a task which waits for a thread is queued
    return WORK[task.kind](task.task_id, report_progress=task.report_progress, **arguments)


# --8<-- [end:pattern]
# --8<-- [start:routes]
@app.post("/emails", status_code=202, responses=contract.ACCEPTS)
async def create_email(email: EmailIn, background: BackgroundTasks, key: Key = None) -> Response:
    return start(background, contract.new_task_id(), Kind.EMAIL, **email.model_dump())


@app.post("/reports", status_code=202, responses=contract.ACCEPTS)
async def create_report(
    file: OrderFile, title: Title, background: BackgroundTasks, key: Key = None
) -> Response:
    async with files.stored_upload(file.file, uploads.check_csv) as task_id:
        return start(background, task_id, Kind.REPORT, title=title)


@app.post("/images", status_code=202, responses=contract.ACCEPTS)
async def create_image(
    file: UploadFile, operations: Steps, width: Width, background: BackgroundTasks, key: Key = None
) -> Response:
    async with files.stored_upload(file.file, uploads.image_check(operations, width)) as task_id:
        return start(background, task_id, Kind.IMAGE, operations=operations, width=width)


@app.get("/tasks/{task_id}", responses=contract.UNKNOWN)
async def read_task(task_id: str) -> TaskStatus:
    if task_id not in tasks:
        raise http.unknown(task_id)
    return tasks[task_id]


@app.get("/tasks/{task_id}/result", responses=contract.DOWNLOAD, response_class=Response)
async def read_result(task_id: str) -> Response:
    return http.download(await read_task(task_id))


@app.get("/metrics/queue")
async def read_metrics() -> QueueMetrics:
    return tasks.count(workers=None)
