"""What asyncio does with a task that nobody keeps, and when a task starts that is kept."""

import asyncio
import gc
import platform
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, closing
from typing import Annotated, Any
from weakref import WeakSet

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, Request, Response
from fastapi.testclient import TestClient
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


def open_database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", check_same_thread=False)) as database:
        yield database


def make_trap_app(found: list[object]) -> FastAPI:
    app = FastAPI()
    kept: list[asyncio.Task[None]] = []

    async def query(database: sqlite3.Connection) -> None:
        await asyncio.sleep(0.02)
        try:
            found.append(database.execute("SELECT 42").fetchone())
        except sqlite3.ProgrammingError as error:
            found.append(str(error))

    @app.post("/def")
    def create_in_a_thread() -> None:
        asyncio.create_task(asyncio.Event().wait())  # noqa: RUF006 # the mistake that is shown

    @app.post("/created")
    async def create(database: Annotated[sqlite3.Connection, Depends(open_database)]) -> None:
        kept.append(asyncio.create_task(query(database)))

    @app.post("/background")
    async def add(
        database: Annotated[sqlite3.Connection, Depends(open_database)], tasks: BackgroundTasks
    ) -> None:
        tasks.add_task(query, database)

    @app.get("/wait")
    async def wait_for_all() -> None:
        await asyncio.gather(*kept)

    return app


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_c36_def_endpoint_has_no_event_loop(saw: Saw) -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        TestClient(make_trap_app([])).post("/def")
    gc.collect()
    saw("create_task in a def endpoint: RuntimeError, no running event loop.")


def test_c36_dependency_is_closed_under_a_created_task(saw: Saw) -> None:
    found: list[object] = []

    with TestClient(make_trap_app(found)) as client:
        client.post("/created")
        client.get("/wait")
        client.post("/background")

    assert found == ["Cannot operate on a closed database.", (42,)]
    saw(f"A connection of a dependency, in a created task: “{found[0]}” A background task has it.")


@pytest.mark.anyio
async def test_c36_one_failure_in_a_task_group_cancels_the_others(saw: Saw) -> None:
    others: list[asyncio.Task[object]] = []

    async def run_group() -> None:
        async with asyncio.TaskGroup() as group:
            others.extend(group.create_task(asyncio.Event().wait()) for _ in range(3))
            await asyncio.sleep(0)
            group.create_task(fail())

    with pytest.raises(ExceptionGroup):
        await run_group()

    assert [task.cancelled() for task in others] == [True] * 3
    saw("In a TaskGroup one failing job cancelled the three others.")


def make_on_event_app(events: list[str], *, lifespan: bool) -> FastAPI:
    @asynccontextmanager
    async def empty(app: FastAPI) -> AsyncIterator[None]:
        yield

    app = FastAPI(lifespan=empty) if lifespan else FastAPI()
    with pytest.warns(DeprecationWarning, match="on_event is deprecated"):
        app.on_event("shutdown")(lambda: events.append("drained"))
    return app


def test_c21_on_event_is_dropped_beside_a_lifespan(saw: Saw) -> None:
    alone: list[str] = []
    beside: list[str] = []

    for app in (make_on_event_app(alone, lifespan=False), make_on_event_app(beside, lifespan=True)):
        with TestClient(app):
            pass

    assert alone == ["drained"]
    assert beside == []
    saw("The handler ran, deprecated; beside FastAPI(lifespan=...) it never ran, without a word.")
