"""What asyncio does with a task that nobody keeps, and when a task starts that is kept."""

import asyncio
import gc
import platform
from collections.abc import Callable, Coroutine
from typing import Any
from weakref import WeakSet

import pytest
from fastapi import BackgroundTasks, FastAPI, Request, Response
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint

from .conftest import Saw
from .in_process import asking

MANY = 100
Awaitable = Callable[[], Coroutine[None, None, object]]


async def count_collected(wait: Awaitable) -> int:
    """Start tasks without keeping them; count those that the garbage collector destroys."""
    tasks: WeakSet[asyncio.Task[object]] = WeakSet()
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    for _ in range(MANY):
        tasks.add(asyncio.create_task(wait()))
    await asyncio.sleep(0)  # all of them begin
    gc.collect()
    left = list(tasks)
    for task in left:
        task.cancel()
    return MANY - len(left)


async def wait_for_event() -> None:
    await asyncio.Event().wait()


async def wait_for_item() -> None:
    await asyncio.Queue[None]().get()


async def sleep_long() -> None:
    await asyncio.sleep(60)


def test_c30_unreferenced_tasks_vanish_unless_they_sleep(saw: Saw) -> None:
    lost = {wait.__name__: asyncio.run(count_collected(wait)) for wait in WAITS}

    message = f"Python {platform.python_version()} keeps unreferenced tasks otherwise: {lost}"
    assert lost == {"wait_for_event": MANY, "wait_for_item": MANY, "sleep_long": 0}, message
    saw(
        f"Of {MANY} unreferenced tasks {lost['wait_for_event']} were destroyed while they waited"
        f" for an Event, {lost['wait_for_item']} for a Queue, {lost['sleep_long']} in sleep: a"
        " demo with sleep proves nothing."
    )


WAITS: tuple[Awaitable, ...] = (wait_for_event, wait_for_item, sleep_long)


async def pass_through(request: Request, call_next: RequestResponseEndpoint) -> Response:
    return await call_next(request)


def make_app(events: list[str], *, middleware: bool) -> FastAPI:
    app = FastAPI()
    kept: list[asyncio.Task[None]] = []
    if middleware:
        app.add_middleware(BaseHTTPMiddleware, dispatch=pass_through)

    async def work() -> None:
        events.append("task")

    @app.post("/created")
    async def create() -> None:
        kept.append(asyncio.create_task(work()))

    @app.post("/created-then-awaits")
    async def create_and_await() -> None:
        kept.append(asyncio.create_task(work()))
        await asyncio.sleep(0)

    @app.post("/background")
    async def add(tasks: BackgroundTasks) -> None:
        tasks.add_task(work)

    return app


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "middleware", "order"),
    [
        ("/created", False, ["response", "task"]),
        ("/created", True, ["task", "response"]),
        ("/created-then-awaits", False, ["task", "response"]),
        ("/background", True, ["response", "task"]),
    ],
)
async def test_c31_task_starts_before_the_response_behind_a_middleware(
    path: str, middleware: bool, order: list[str], saw: Saw
) -> None:
    events: list[str] = []

    async with asking(make_app(events, middleware=middleware), events) as client:
        await client.post(path)
        await asyncio.sleep(0)

    assert events == order
    what = "a background task" if path == "/background" else "a created task"
    if "awaits" in path:
        what += ", the endpoint awaits something after"
    saw(f"{' then '.join(order)}: {what}, {'one' if middleware else 'no'} BaseHTTPMiddleware.")


async def fail() -> None:
    raise RuntimeError("the task failed")


async def collect_messages(handle: Callable[[asyncio.Task[None]], Any]) -> list[str]:  # Any: unused
    """Let a task fail that `handle` may keep; return what the event loop tells of it."""
    told: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: told.append(context["message"]))
    handle(asyncio.create_task(fail()))
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()
    return told


def test_c35_error_of_a_kept_task_is_never_told(saw: Saw) -> None:
    kept: list[asyncio.Task[None]] = []
    told_if_kept = asyncio.run(collect_messages(kept.append))
    told_if_dropped = asyncio.run(collect_messages(lambda task: None))
    error = kept.pop().exception()

    assert told_if_kept == []
    assert told_if_dropped == ["Task exception was never retrieved"]
    assert str(error) == "the task failed"
    saw(f"A task that is kept failed without a word; one that is not kept: “{told_if_dropped[0]}”.")
