"""Where create_task and on_event fail, or end too early."""

import asyncio
import gc
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from typing import Annotated

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI
from fastapi.testclient import TestClient

from .conftest import Saw


async def fail() -> None:
    raise RuntimeError("the task failed")


def open_database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", check_same_thread=False)) as database:
        yield database


def make_trap_app(found: list[object]) -> FastAPI:
    app = FastAPI()
    kept: list[asyncio.Task[None]] = []
    goes_on = asyncio.Event()

    async def query(database: sqlite3.Connection) -> None:
        await goes_on.wait()
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
        goes_on.set()
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
