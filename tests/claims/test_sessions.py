"""What a task finds of the session, the connection and the data of its request.

The outcome changed with FastAPI 0.106 and again with 0.118: today a dependency with `yield` ends
after the background tasks.
"""

import queue
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Literal

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI

from .conftest import Saw
from .in_process import asking
from .serving import Server

Scope = Literal["function", "request"]

pytestmark = pytest.mark.anyio


def make_app(events: list[str], scope: Scope) -> FastAPI:
    """Return an app that tells when its dependency ends and when its task runs."""
    app = FastAPI()

    def open_session() -> Iterator[str]:
        yield "session"
        events.append("exit")

    @app.post("/")
    async def create(
        tasks: BackgroundTasks, session: Annotated[str, Depends(open_session, scope=scope)]
    ) -> str:
        tasks.add_task(events.append, "task")
        return session

    return app


@pytest.mark.parametrize(
    ("scope", "order"),
    [("request", ["response", "task", "exit"]), ("function", ["exit", "response", "task"])],
)
async def test_c07_session_is_open_while_the_task_runs(
    scope: Scope, order: list[str], saw: Saw
) -> None:
    events: list[str] = []

    async with asking(make_app(events, scope), events) as client:
        await client.post("/")

    assert events == order, "the order of response, task and exit has changed in FastAPI"
    saw(f"With scope {scope!r}: {', '.join(order)}.")


def test_c08_two_tasks_that_use_no_database_use_up_a_pool_of_two(server: Server, saw: Saw) -> None:
    taken = [server.post(f"/pooled?name=c08{letter}") for letter in "ab"]
    server.order("c08a began", "c08b began")

    refused = server.post("/pooled?name=c08c")
    server.open("c08a")
    server.wait_for("c08a gave back")

    assert [answer.status_code for answer in taken] == [200, 200]
    assert refused.status_code == 500
    assert queue.Empty.__name__ in server.part.log_text()
    assert server.post("/pooled?name=c08d").status_code == 200
    saw(
        "A pool of two connections, two requests answered, their tasks used no database: the"
        " third request was a 500, until a task ended. The connections were out all the time."
    )
    for gate in ("c08b", "c08d"):
        server.open(gate)


def look_up(database: Path) -> tuple[str] | None:
    """Look for the user with a connection of its own, as a task does."""
    with closing(sqlite3.connect(database)) as fresh:
        row: tuple[str] | None = fresh.execute("SELECT name FROM users").fetchone()
        return row


def make_database_app(database: Path, scope: Scope, *, commit: bool) -> FastAPI:
    """Return an app whose dependency commits at its end, as many tutorials write it."""
    app = FastAPI()
    found: list[tuple[str] | None] = []

    async def open_session() -> AsyncIterator[sqlite3.Connection]:
        with closing(sqlite3.connect(database)) as session:
            yield session
            session.commit()

    @app.post("/users")
    async def create(
        tasks: BackgroundTasks,
        session: Annotated[sqlite3.Connection, Depends(open_session, scope=scope)],
    ) -> None:
        session.execute("INSERT INTO users VALUES ('Ann')")
        if commit:
            session.commit()
        tasks.add_task(lambda: found.append(look_up(database)))

    @app.get("/found")
    async def tell() -> list[tuple[str] | None]:
        return found

    return app


@pytest.mark.parametrize(
    ("scope", "commit", "found"),
    [("request", False, None), ("request", True, ["Ann"]), ("function", False, ["Ann"])],
)
async def test_c09_task_runs_before_the_dependency_commits(
    tmp_path: Path, scope: Scope, commit: bool, found: list[str] | None, saw: Saw
) -> None:
    database = tmp_path / "users.sqlite"
    with closing(sqlite3.connect(database)) as setup:
        setup.execute("CREATE TABLE users (name TEXT)")

    async with asking(make_database_app(database, scope, commit=commit)) as client:
        await client.post("/users")
        answer = await client.get("/found")

    assert answer.json() == [found], "when a dependency with yield ends has changed in FastAPI"
    how = "an explicit commit before" if commit else f"scope {scope!r} and a commit after yield"
    saw(f"With {how}, a task with a session of its own found {'the' if found else 'no'} new row.")
