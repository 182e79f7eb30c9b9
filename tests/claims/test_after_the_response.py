"""When a background task runs, in which order, and what its failure touches."""

import time

import httpx
import pytest
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from .conftest import Saw
from .serving import Server, meanwhile


def test_c01_answer_is_complete_while_the_task_still_runs(server: Server, saw: Saw) -> None:
    with server.client() as client:
        begin = time.monotonic()
        answer = client.post("/jobs/wait?names=c01")
        first_ms = 1000 * (time.monotonic() - begin)
        assert client.get("/ping").text == '"pong"'  # on the same connection
    before = server.said()

    server.open("c01")

    server.wait_for("c01 ended")
    assert answer.json() == ["c01"]
    assert "c01 ended" not in before
    saw(
        f"The whole answer was there after {first_ms:.0f} ms, and a second one on the same"
        " connection, while the task still ran."
    )


def test_c04_tasks_run_one_by_one_in_the_order_added(server: Server, saw: Saw) -> None:
    server.post("/audited/wait?names=c04a,c04b,c04c")
    for gate in ("c04c", "c04b", "c04a"):  # the last one may go on first, but has not begun
        server.open(gate)

    names = [f"c04{letter} {word}" for letter in "abc" for word in ("began", "ended")]
    found = server.order("audit of c04a,c04b,c04c", *names)

    assert found == ["audit of c04a,c04b,c04c", *names]
    saw("Four tasks ran one after the other; the one that a dependency added came first.")


def test_c05_step_after_a_failed_step_never_runs(server: Server, saw: Saw) -> None:
    server.open("step two")

    answer = server.post("/chain")
    server.wait_for("step two began")
    server.post("/jobs/say?names=c05 later")

    server.wait_for("c05 later")
    assert answer.status_code == 200
    assert "step one" in server.said()
    assert "step three" not in server.said()
    saw("Step two of three raised: step three never ran, and the client had a 200.")


async def receive_nothing() -> Message:
    return {"type": "http.request"}


async def send_nowhere(message: Message) -> None:
    """Throw the response away."""


@pytest.mark.anyio
async def test_c06_response_and_not_request_awaits_the_task(saw: Saw) -> None:
    ran: list[str] = []
    response = Response(background=BackgroundTask(ran.append, "ran"))

    await response({"type": "http"}, receive_nothing, send_nowhere)

    assert ran == ["ran"]
    assert not hasattr(Request({"type": "http"}), "background")
    saw("A Request has no such attribute; the Response awaits its own, once it is sent.")


def test_c03_failed_task_cuts_off_the_next_request_of_the_client(server: Server, saw: Saw) -> None:
    with server.client() as client:
        answer = client.post("/jobs/fail?names=c03")
        with meanwhile(client.get, "/held?gate=next") as outcome:
            server.wait_for("next asked")
            server.open("c03")
    server.open("next")
    server.wait_for("next answered")

    assert answer.status_code == 200
    assert isinstance(outcome[0], httpx.RemoteProtocolError), outcome
    assert "/held?gate=next" not in server.part.log_text()  # not even in the access log
    saw(
        "A failing task cut off the client's next request on the same connection"
        f" (“{str(outcome[0]).rstrip('.')}”); the server finished it and logged no access."
    )


def test_c22_info_is_not_shown_until_logging_is_configured(server: Server, saw: Saw) -> None:
    server.post("/jobs/tell?names=plain,end")
    server.post("/jobs/say?names=c22 plain")
    server.wait_for("c22 plain")
    plain = server.part.log_text()

    server.post("/logging")
    server.post("/jobs/tell?names=configured")
    server.post("/jobs/say?names=c22 configured")
    server.wait_for("c22 configured")

    assert "plain at level warning" in plain
    assert "plain at level info" not in plain
    assert "configured at level info" in server.part.log_text()
    saw("Under plain uvicorn warnings showed and info did not; after basicConfig(INFO) both did.")
