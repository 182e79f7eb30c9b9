"""What a stop or a kill does to the jobs in flight, as `approaches.toml` promises."""

import os
import signal
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from lab.load.samples import encode, make_photo
from scenarios.contract import Status
from tests.support.client import accepted_id, new_address
from tests.support.running import DRAIN_S, WEBHOOKS, Running
from tests.support.waiting import wait_until

PICTURE = encode(make_photo((40, 30)), "PNG")
HALF_AN_UPLOAD = (
    b"POST /reports HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    b"Content-Length: 100000\r\n\r\n--x\r\nContent-Disposition: form-data; name=file\r\n\r\na"
)
MANY_ANSWERS = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 8


@pytest.fixture(autouse=True)
def _runs_again_afterwards(running: Running) -> Iterator[None]:
    """Give the next test an app that answers, whatever this one has come to."""
    yield
    if not running.api.answers():
        running.part.kill9()
        running.part.restart()


# --8<-- [start:stop]
def test_stop_lets_a_running_job_end(running: Running) -> None:
    to = new_address()

    with running.inbox.holding():
        task_id = accepted_id(running.api.post_email(to))
        running.api.wait_until_running(task_id)
        running.part.term()
    running.part.wait_exit(15)
    running.part.restart()
    running.send_another_email()

    expected = [task_id] if running.promises["drains_on_sigterm"] else []
    assert running.inbox.task_ids_sent_to(to) == expected


# --8<-- [end:stop]
def test_stop_waits_for_no_client_that_is_halfway(running: Running) -> None:
    address = urlsplit(running.part.url)
    with socket.socket() as sends, socket.socket() as reads:
        sends.connect((address.hostname, address.port))
        sends.sendall(HALF_AN_UPLOAD)
        reads.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reads.connect((address.hostname, address.port))
        reads.sendall(MANY_ANSWERS)
        assert running.api.answers()  # by now it has begun with both

        running.part.term()
        running.part.wait_exit(DRAIN_S + 10)


def test_stop_interrupts_a_job_at_the_deadline_or_knows_none(running: Running) -> None:
    has_deadline = running.promises["interrupts_at_deadline"]
    to = new_address()

    with running.inbox.holding():
        task_id = accepted_id(running.api.post_email(to))
        running.api.wait_until_running(task_id)
        running.part.term()
        if has_deadline:
            running.part.wait_exit(DRAIN_S + 3)
    running.part.wait_exit(15)
    running.part.restart()
    running.send_another_email()

    assert running.inbox.task_ids_sent_to(to) == ([] if has_deadline else [task_id])
    ended_with = running.events(task_id)[-1]["event"]
    assert ended_with == ("interrupted" if has_deadline else "finished")


def test_killed_api_loses_or_keeps_the_jobs_in_flight(running: Running) -> None:
    addresses = [new_address() for _ in range(4)]

    with running.inbox.holding():
        task_ids = [accepted_id(running.api.post_email(to)) for to in addresses]
        running.api.wait_until_running(task_ids[0])
        running.part.kill9()
    running.part.restart()
    running.send_another_email()

    answers = [running.api.http.get(f"/tasks/{task_id}") for task_id in task_ids]
    if running.promises["survives_api_kill"]:
        ended = [running.api.wait_until_final(task_id) for task_id in task_ids]
        assert {task.status for task in ended} == {Status.SUCCEEDED}
        expected = [[task_id] for task_id in task_ids]
    else:
        assert {answer.status_code for answer in answers} == {404}
        expected = [[] for _ in task_ids]
    assert [running.inbox.task_ids_sent_to(to) for to in addresses] == expected


def test_email_is_sent_though_its_process_was_killed_or_lost(running: Running) -> None:
    to = new_address()

    with running.inbox.holding():
        task_id = accepted_id(running.api.post_email(to))
        running.api.wait_until_running(task_id)
        kill_process_of(running, task_id)
    if running.promises["survives_worker_kill"]:
        running.api.wait_until_final(task_id)
    running.send_another_email()

    expected = [task_id] if running.promises["survives_worker_kill"] else []
    assert running.inbox.task_ids_sent_to(to) == expected


def test_picture_is_made_though_its_process_was_killed_or_lost(running: Running) -> None:
    with running.webhooks.holding(WEBHOOKS):
        task_id = accepted_id(running.api.post_image(PICTURE))
        wait_until("the picture is nearly done", lambda: running.webhooks.about(task_id))
        kill_process_of(running, task_id)
    another = running.api.wait_until_final(accepted_id(running.api.post_image(PICTURE)))

    assert another.status is Status.SUCCEEDED, another.error
    if running.promises["cpu_work_outside_api"]:
        task = running.api.wait_until_final(task_id)
        assert (task.status, task.attempts) == (Status.SUCCEEDED, 2), task.error
    else:
        assert running.api.http.get(f"/tasks/{task_id}").status_code == 404


def kill_process_of(running: Running, task_id: str) -> None:
    """Kill with SIGKILL what runs the job; start the API again if it was the API."""
    started = wait_until(
        "it is known where the job runs", lambda: running.api.read_task(task_id).ran_in
    )
    assert started
    os.kill(started.pid, signal.SIGKILL)
    if started.is_api_process:
        running.part.wait_exit()
        running.part.restart()


def test_status_is_known_to_another_api_process_or_not(running: Running, second: Running) -> None:
    task_id = accepted_id(running.api.post_email())
    running.api.wait_until_final(task_id)

    answer = second.api.http.get(f"/tasks/{task_id}")

    assert answer.status_code == (200 if running.promises["several_api_processes"] else 404)
