"""The lab starts real processes, finds ports and folders for them, and signals them."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import redis

from lab.errors import LabError
from lab.processes.stack import Stack
from tests.support.stand_ins import running, write_stand_ins
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stand_ins(tmp_path_factory.mktemp("root"))


@pytest.fixture
def stack(root: Path, tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path, root=root) as stack:
        yield stack


def test_app_finds_its_folder_and_the_services(stack: Stack, tmp_path: Path) -> None:
    app = stack.start("01", env={"QUEUE_SIZE": "3"})

    env = httpx.get(app.url).json()["env"]
    assert env["DATA_DIR"] == str(tmp_path / "01_background_tasks")
    assert env["SMTP_URL"] == stack.smtp_url
    assert env["QUEUE_SIZE"] == "3"
    assert httpx.get(f"{stack.parts['mailbox'].url}/count").json()["count"] == 0
    assert "valkey" not in stack.parts


def test_killed_app_starts_again_on_the_same_port(stack: Stack) -> None:
    app = stack.start("01")
    first_pid = app.pid

    app.kill9()
    assert not app.alive
    assert app.wait_exit() == -signal.SIGKILL
    app.restart()

    assert httpx.get(app.url).json()["pid"] == app.pid != first_pid


def test_valkey_keeps_its_data_when_it_is_killed(stack: Stack) -> None:
    valkey = stack.start_valkey()
    with redis.Redis.from_url(stack.redis_url) as client:
        client.set("job", "kept")

    valkey.kill9()
    valkey.restart()

    with redis.Redis.from_url(stack.redis_url) as client:
        assert client.get("job") == b"kept"


def test_two_runs_of_one_approach_have_their_own_folders(stack: Stack, tmp_path: Path) -> None:
    first = stack.start("01")

    second = stack.start("01", label="second")

    assert first.url != second.url
    assert httpx.get(second.url).json()["env"]["DATA_DIR"] == str(tmp_path / "second")


def test_signal_reaches_the_parent_or_the_group(stack: Stack) -> None:
    app = stack.start("01", uvicorn_args=["--workers", "2"])
    children = app.children()
    assert len(children) >= 2

    app.kill9(group=True)

    assert not running(children)
    app.restart()  # they have let go of the port


def test_celery_worker_is_ready_and_replaces_a_killed_child(stack: Stack) -> None:
    stack.start("03")
    worker = stack.parts["worker"]
    first = worker.children()
    assert len(first) == 2

    psutil.Process(first[0]).kill()

    wait_until(
        "the worker has two children again",
        worker.children,
        lambda children: len(children) == 2 and first[0] not in children,
    )
    assert worker.alive


def test_own_services_are_used_instead_of_embedded_ones(root: Path, tmp_path: Path) -> None:
    own = {"SMTP_URL": "smtp://127.0.0.1:9", "REDIS_URL": "redis://127.0.0.1:9/1"}

    with Stack(tmp_path, root=root, env=own) as stack:
        app = stack.start("01")
        env = httpx.get(app.url).json()["env"]

        assert list(stack.parts) == ["01_background_tasks"]
        assert own.items() <= env.items()


def test_nothing_is_left_after_the_block(root: Path, tmp_path: Path) -> None:
    before = {child.pid for child in psutil.Process().children()}  # of other tests
    with Stack(tmp_path, root=root) as stack:
        stack.start("03")
        pids = [part.pid for part in stack.parts.values()]
        pids += stack.parts["worker"].children()
        pids += [child.pid for child in psutil.Process().children() if child.pid not in before]

    assert running(pids) == []


def test_taken_port_is_named_and_the_next_free_one_used(root: Path, tmp_path: Path) -> None:
    said: list[str] = []
    with (
        Stack(tmp_path / "a", root=root) as first,
        Stack(tmp_path / "b", root=root, say=said.append) as second,
    ):
        taken = first.start("01")

        app = second.start("01")

        assert app.url != taken.url
        port = app.url.rpartition(":")[2]
        assert f"01_background_tasks: port 8001 is taken, using {port}" in said
        assert int(port) >= 8005


def test_port_of_another_program_is_left_alone(stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]

        assert stack.claim("a part", number) != number


def test_failed_start_shows_the_end_of_the_log(stack: Stack, tmp_path: Path) -> None:
    with pytest.raises(LabError) as failed:
        stack.start("02")

    assert str(failed.value).startswith("02_asyncio_create_task ended with code 1 before it")
    assert "logs/02_asyncio_create_task.log" in str(failed.value)
    assert "RuntimeError: this app cannot start" in str(failed.value)


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(LabError, match=r"cannot write to the folder '.*file/lab': Not a directory"):
        Stack(file / "lab").__enter__()


def test_folder_of_a_running_lab_is_refused(stack: Stack) -> None:
    with pytest.raises(LabError, match="another lab uses the folder"):
        Stack(stack.data_dir).__enter__()


def test_unknown_approach_is_named_with_the_known_ones(stack: Stack) -> None:
    with pytest.raises(LabError, match="unknown approach '05': it is one of 01_background_tasks"):
        stack.start("05")
