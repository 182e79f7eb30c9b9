"""Clients that hang up, connections that are counted, memory that is held, names of files."""

import asyncio
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import BackgroundTasks, FastAPI, UploadFile

from .conftest import Saw
from .in_process import asking
from .serving import Server, serve


def post_and_hang_up(server: Server, path: str, name: str) -> None:
    """Close the connection once the endpoint has the request."""
    address = urlsplit(server.part.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0))) as connection:
        request = f"POST {path}?name={name} HTTP/1.1\r\nHost: app\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(request.encode())
        server.wait_for(f"{name} asked")


@pytest.mark.parametrize("path", ["/after-gate", "/behind-middleware/after-gate"])
def test_c17_task_runs_although_its_client_hangs_up(server: Server, path: str, saw: Saw) -> None:
    name = path.replace("/", "")

    post_and_hang_up(server, path, name)
    server.open(name)

    server.wait_for(f"{name} ran")
    where = "behind a middleware" if "middleware" in path else "without middleware"
    saw(f"The client hung up before the answer, {where}: the task ran.")


def test_c19_running_tasks_count_as_connections(tmp_path: Path, saw: Saw) -> None:
    with serve(tmp_path, "background", "--limit-concurrency", "5") as server:
        taken = [server.post("/jobs/wait?names=c19").status_code for _ in range(5)]
        refused = server.get("/ping").status_code
        server.open("c19")
        server.order(*["c19 ended"])
        ended = [word for word in server.said() if word == "c19 ended"]

    assert taken == [200] * 5
    assert refused == 503
    assert ended
    saw(
        "With --limit-concurrency 5: five requests answered, their connections closed; while"
        " their tasks ran, the next request was a 503."
    )


BODIES, BODY_BYTES = 20, 200_000


@pytest.mark.parametrize(("app", "kept"), [("background", BODIES), ("created", 0)])
def test_c20_task_holds_the_request_that_it_came_with(
    tmp_path: Path, app: str, kept: int, saw: Saw
) -> None:
    with serve(tmp_path, app) as server:
        for _ in range(BODIES):
            server.post("/bodies", content=b"x" * BODY_BYTES)
        alive = server.get("/requests-alive").json() - 1  # without the one that asks

    assert alive == kept
    saw(f"{app}: {alive} of {BODIES} requests with their bodies were alive while tasks ran.")


def make_upload_app(folder: Path, read: list[bytes], gate: asyncio.Event) -> FastAPI:
    """Return an app that trusts the name that the client gives to its file."""
    app = FastAPI()

    async def ingest(path: Path) -> None:
        await gate.wait()
        read.append(path.read_bytes())  # noqa: ASYNC240 # as tutorials do

    @app.post("/files")
    async def upload(file: UploadFile, tasks: BackgroundTasks) -> None:
        path = folder / str(file.filename)
        path.write_bytes(await file.read())  # as above
        tasks.add_task(ingest, path)

    return app


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    folder = tmp_path / "uploads"
    folder.mkdir()
    return folder


def read_names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def read_sibling(folder: Path, name: str) -> bytes:
    return (folder.parent / name).read_bytes()


@pytest.mark.anyio
async def test_c33_name_of_the_client_leads_out_of_the_folder(uploads: Path, saw: Saw) -> None:
    read, gate = list[bytes](), asyncio.Event()
    gate.set()

    async with asking(make_upload_app(uploads, read, gate)) as client:
        answer = await client.post("/files", files={"file": ("../evil.txt", b"evil")})

    assert answer.status_code == 200
    assert read_names(uploads) == []
    assert read_sibling(uploads, "evil.txt") == b"evil"
    saw("A file named ../evil.txt was written outside of the folder.")


@pytest.mark.anyio
async def test_c33_second_file_of_a_name_replaces_the_first(tmp_path: Path, saw: Saw) -> None:
    read, gate = list[bytes](), asyncio.Event()
    app = make_upload_app(tmp_path, read, gate)

    async with asking(app) as client, asyncio.TaskGroup() as group:
        for content in (b"first", b"second"):
            group.create_task(client.post("/files", files={"file": ("a.csv", content)}))
        group.create_task(open_later(gate))

    assert len(read) == 2
    assert len(set(read)) == 1
    saw("Two clients sent a file of the same name: both tasks read the same one of the two.")


async def open_later(gate: asyncio.Event) -> None:
    await asyncio.sleep(0.2)
    gate.set()
