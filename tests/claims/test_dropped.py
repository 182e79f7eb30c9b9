"""Tasks that never run although nobody is told, and tasks that look as if they would not."""

import functools
import warnings
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Response, WebSocket
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from starlette.background import BackgroundTask

from .conftest import Saw

app = FastAPI()
ran: list[str] = []


async def note(name: str) -> None:
    ran.append(name)


def require(number: Annotated[int, Depends(lambda: 1)], must: int) -> int:
    return number + must


def add_early(tasks: BackgroundTasks) -> None:
    tasks.add_task(note, "task")


@app.get("/http-exception")
async def refuse(tasks: BackgroundTasks) -> None:
    tasks.add_task(note, "task")
    raise HTTPException(404)


@app.get("/own-background")
async def answer_with_own(tasks: BackgroundTasks) -> Response:
    tasks.add_task(note, "task")
    return Response(background=BackgroundTask(note, "another task"))


@app.get("/later-422", dependencies=[Depends(add_early), Depends(require)])
async def never_reached() -> None:
    """FastAPI answers with 422 before."""


@app.get("/wrong-response")
async def answer_wrongly(tasks: BackgroundTasks) -> int:
    tasks.add_task(note, "task")
    return "not a number"  # type: ignore[return-value]  # the mistake that is shown


@app.get("/own-tasks")
async def make_own() -> None:
    BackgroundTasks().add_task(note, "task")


@app.get("/lambda")
async def forget_to_await(tasks: BackgroundTasks) -> None:
    tasks.add_task(lambda: note("task"))


@app.websocket("/websocket")
async def talk(websocket: WebSocket, tasks: BackgroundTasks) -> None:
    await websocket.accept()
    tasks.add_task(note, "task")
    await websocket.close()


@app.get("/own-response")
async def answer_plainly(tasks: BackgroundTasks) -> JSONResponse:
    tasks.add_task(note, "task")
    return JSONResponse({})


@app.get("/partial")
async def add_partial(tasks: BackgroundTasks) -> None:
    tasks.add_task(functools.partial(note, "task"))


@app.get("/no-content", status_code=204)
async def answer_nothing(tasks: BackgroundTasks) -> None:
    tasks.add_task(note, "task")


@app.get("/from-a-dependency")
async def depend(early: Annotated[None, Depends(add_early)]) -> None:
    """Add nothing itself."""


def ask(path: str) -> int:
    """Return the status of the answer; `ran` tells what ran because of it."""
    ran.clear()
    with warnings.catch_warnings():
        # Nothing else tells of the coroutine that a lambda returns.
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
        return TestClient(app, raise_server_exceptions=False).get(path).status_code


DROPPED = {
    "/http-exception": 404,
    "/own-background": 200,
    "/later-422": 422,
    "/wrong-response": 500,
    "/own-tasks": 200,
    "/lambda": 200,
}
KEPT = {"/own-response": 200, "/partial": 200, "/no-content": 204, "/from-a-dependency": 200}


def test_c18_tasks_are_dropped_without_a_word(saw: Saw) -> None:
    for path, status in DROPPED.items():
        assert ask(path) == status, path
        assert "task" not in ran, f"{path}: the task runs now, see docs/claims.toml"

    for path, status in KEPT.items():
        assert ask(path) == status, path
        assert ran == ["task"], f"{path}: the task is dropped now, see docs/claims.toml"
    saw(
        "Never run: a task before an HTTPException, beside an own background=, before the 422 of a"
        " later dependency, before a response that does not fit its type, in a BackgroundTasks()"
        " made by hand, and a lambda around a coroutine. Run: with an own JSONResponse, a partial,"
        " a 204, from a dependency."
    )


def test_c18_websocket_runs_no_task(saw: Saw) -> None:
    ran.clear()

    with TestClient(app).websocket_connect("/websocket") as socket:
        assert socket.receive()["type"] == "websocket.close"

    assert ran == []
    saw("A WebSocket endpoint takes BackgroundTasks and never ran them.")
