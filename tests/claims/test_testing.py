"""What a test client shows of background tasks."""

import asyncio

import pytest
from fastapi import BackgroundTasks, FastAPI
from fastapi.testclient import TestClient

from .conftest import Saw
from .in_process import asking

app = FastAPI()
done: list[str] = []


async def work(name: str) -> None:
    await asyncio.sleep(0.05)
    done.append(name)


def break_down() -> None:
    raise RuntimeError("the task failed")


@app.post("/work")
async def start(name: str, tasks: BackgroundTasks) -> None:
    tasks.add_task(work, name)
    tasks.add_task(work, f"{name} again")


@app.post("/fail")
async def start_failing(tasks: BackgroundTasks) -> None:
    tasks.add_task(break_down)


def test_c10_tasks_have_run_when_the_test_client_returns(saw: Saw) -> None:
    answer = TestClient(app).post("/work?name=c10")

    assert answer.status_code == 200
    assert done[-2:] == ["c10", "c10 again"]
    saw("When client.post returned, both tasks had run.")


def test_c10_failing_task_raises_in_the_test(saw: Saw) -> None:
    with pytest.raises(RuntimeError, match="the task failed"):
        TestClient(app).post("/fail")
    answer = TestClient(app, raise_server_exceptions=False).post("/fail")

    assert answer.status_code == 200
    saw("A failing task raises in client.post, or not with raise_server_exceptions=False.")


@pytest.mark.anyio
async def test_c11_tasks_have_run_when_the_async_client_returns(saw: Saw) -> None:
    async with asking(app) as client:
        await client.post("/work?name=c11")

    assert done[-2:] == ["c11", "c11 again"]
    saw("When the request over ASGITransport returned, both tasks had run: no sleep is needed.")


async def note_end(events: list[str]) -> None:
    try:
        await asyncio.sleep(0.05)
        events.append("ended")
    except asyncio.CancelledError:
        events.append("cancelled")
        raise


def make_create_task_app(events: list[str]) -> FastAPI:
    tasks_app = FastAPI()
    running: set[asyncio.Task[None]] = set()

    @tasks_app.post("/work")
    async def create() -> None:
        running.add(asyncio.create_task(note_end(events)))

    @tasks_app.get("/wait")
    async def wait_for_all() -> None:
        await asyncio.wait(running)

    return tasks_app


def test_c36_test_client_without_with_cancels_a_task(saw: Saw) -> None:
    alone: list[str] = []
    TestClient(make_create_task_app(alone)).post("/work")
    entered: list[str] = []
    with TestClient(make_create_task_app(entered)) as client:
        client.post("/work")
        client.get("/wait")

    assert alone == ["cancelled"]
    assert entered == ["ended"]
    saw("TestClient(app) without with cancelled the task after its request; with it, it ended.")
