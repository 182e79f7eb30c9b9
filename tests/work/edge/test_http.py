"""Which error is a 503, and which one is a bug that the log must tell of."""

import asyncio
import logging
import sqlite3
from contextlib import closing

import httpx
import pytest
from fastapi import FastAPI, HTTPException

from scenarios import http
from scenarios.errors import CannotStore
from scenarios.web.edge import without_host

SECRET_PATH = "/srv/secret/x"


def ask(error: BaseException, *, cause: BaseException | None = None) -> httpx.Response:
    """Return the answer of a route that raises `error`; raises what the server would log."""
    app = FastAPI()
    http.complete(app)

    @app.get("/")
    async def fail() -> None:
        raise error from cause

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.get("/")

    return asyncio.run(get())


@pytest.mark.parametrize(
    ("led_to", "right"),
    [
        ("http://other.example/emails?a=b", "/emails?a=b"),
        ("http://other.example/api//emails", "/api/emails"),  # --root-path /api/
        ("http://other.example//evil.example/x", "/evil.example/x"),
        ("/tasks/x", "/tasks/x"),
    ],
)
def test_redirect_stays_on_the_server(led_to: str, right: str) -> None:
    assert without_host(led_to) == right


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(2, "No such file or directory", SECRET_PATH),
        PermissionError(13, "Permission denied", SECRET_PATH),
        OSError(24, "Too many open files"),
        ConnectionRefusedError(111, "Connection refused"),
        TimeoutError(),
        KeyError("x"),
    ],
)
def test_error_of_no_known_kind_reaches_the_server_and_its_log(error: Exception) -> None:
    with pytest.raises(type(error)):
        ask(error)


@pytest.mark.parametrize("number", [28, 30, 122], ids=["full", "read-only", "quota"])
def test_disk_that_takes_nothing_is_a_503_whose_reason_is_in_the_log(
    number: int, caplog: pytest.LogCaptureFixture
) -> None:
    cause = OSError(number, "no", SECRET_PATH)
    with caplog.at_level(logging.WARNING):
        answer = ask(CannotStore(), cause=cause)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json() == {"detail": "the server cannot store the job"}
    assert repr(cause) in caplog.text


def test_full_disk_is_a_503_whoever_writes_to_it() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE facts (fact TEXT)")
        database.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError) as full:
            database.execute("INSERT INTO facts VALUES (?)", ("x" * 10_000,))
        with pytest.raises(sqlite3.OperationalError) as bug:
            database.execute("SELECT * FROM nothing")

    assert ask(full.value).json() == {"detail": "the server cannot store the job"}
    assert ask(OSError(28, "No space left on device", SECRET_PATH)).status_code == 503
    with pytest.raises(sqlite3.OperationalError):
        ask(bug.value)


def test_disk_that_is_full_while_a_body_is_read_is_a_503_and_no_fault_of_the_client() -> None:
    parsing = HTTPException(400, "There was an error parsing the body")

    assert ask(parsing, cause=OSError(28, "No space left on device")).status_code == 503
    assert ask(parsing, cause=ValueError("no JSON")).status_code == 400
