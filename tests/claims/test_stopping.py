"""What a signal to the server does to the tasks that run in it. The outcome depends on uvicorn."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Saw
from .serving import Server, serve

LIMIT = ("--timeout-graceful-shutdown", "1")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Server]:
    with serve(tmp_path, "created") as app:
        yield app


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Server]:
    with serve(tmp_path, "created", *LIMIT) as app:
        yield app


def test_c14_sigterm_waits_for_background_tasks(app: Server, saw: Saw) -> None:
    app.post("/background?names=first,second")
    app.wait_for("first began")

    app.part.term()
    app.part.term()  # asking twice changes nothing
    assert app.outlives(1.0), "uvicorn no longer waits for background tasks after SIGTERM"
    app.open("first")
    app.open("second")

    app.part.wait_exit()
    assert "first ended" in app.said()
    assert "second ended" in app.said()
    saw("After SIGTERM, sent twice, uvicorn waited: the running task and the next one both ended.")


def test_c14_time_limit_cancels_background_tasks(limited: Server, saw: Saw) -> None:
    limited.post("/background?names=first,second")
    limited.post("/threaded?name=thread")
    limited.wait_for("first began")
    limited.wait_for("thread began")

    limited.part.term()

    limited.wait_for("first finally")
    limited.open("thread")  # only now: uvicorn gave up waiting for it
    limited.part.wait_exit()
    assert "first CancelledError" in limited.said()
    assert "second began" not in limited.said()
    saw(
        "With --timeout-graceful-shutdown 1 the running task got a CancelledError and its finally,"
        " and the one after it was dropped."
    )


def test_c14_second_sigint_cancels_background_tasks(app: Server, saw: Saw) -> None:
    app.post("/background?names=first,second")
    app.wait_for("first began")

    app.part.interrupt()
    assert app.outlives(0.5)
    app.part.interrupt()

    app.part.wait_exit()
    assert app.said() == ["first began", "first CancelledError", "first finally"]
    saw("Ctrl-C once waited; twice cancelled the running task and dropped the next.")


@pytest.mark.parametrize(
    ("sent", "farewell"),
    [
        (signal.SIGTERM, []),
        (signal.SIGINT, ["job CancelledError", "job finally"]),
        (signal.SIGKILL, []),
    ],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else "",
)
def test_c34_stop_loses_created_tasks(
    app: Server, sent: signal.Signals, farewell: list[str], saw: Saw
) -> None:
    app.post("/created?name=job")
    app.wait_for("job began")

    app.part.send(sent)

    app.part.wait_exit()
    assert app.said() == ["job began", *farewell]
    told = " and ".join(each.removeprefix("job ") for each in farewell)
    saw(f"{sent.name}: the task was lost, with {told or 'neither CancelledError nor finally'}.")


def test_c32_gather_at_the_end_waits_without_limit(tmp_path: Path, saw: Saw) -> None:
    with serve(tmp_path, "created", *LIMIT, env={"DRAINS": "yes"}) as app:
        app.post("/created?name=job")
        app.wait_for("job began")

        app.part.term()
        assert app.outlives(2.0), "the time limit of uvicorn now ends a lifespan, too"
        app.open("job")

        app.part.wait_exit()
        assert app.said() == ["job began", "job ended", "job finally"]
    saw("The server waited for the task, twice as long as --timeout-graceful-shutdown 1 allows.")


def test_c15_exit_in_a_task_may_end_the_server(app: Server, saw: Saw) -> None:
    app.post("/leave/background?how=sys.exit")
    assert app.get("/ping").is_success
    assert app.part.alive

    app.post("/leave/created?how=sys.exit")

    assert app.part.wait_exit() == 3
    saw("sys.exit() in a background task: the server lived on. In a created task: it ended.")


def test_c15_crash_in_a_task_ends_the_server(app: Server, saw: Saw) -> None:
    answer = app.post("/leave/background?how=crash")

    assert answer.status_code == 200
    assert app.part.wait_exit() == 4
    saw("A crash of the process (os._exit) in a background task, after a 200: no server is left.")


def test_c21_join_at_shutdown_hangs_when_a_worker_is_gone(tmp_path: Path, saw: Saw) -> None:
    with serve(tmp_path, "joining", *LIMIT) as app:
        app.post("/items")
        app.wait_for("the worker died")

        app.part.term()

        assert app.outlives(2.5)
        assert "joined" not in app.said()
    saw("queue.join() at shutdown hung past --timeout-graceful-shutdown 1 when a worker had died.")
