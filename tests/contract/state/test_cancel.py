"""Cancel a task that waits, runs, or has ended; 01 has no such route."""

import httpx

from lab.load.samples import make_orders
from scenarios.contract import Status
from tests.support.client import accepted_id, new_address
from tests.support.running import Running
from tests.support.waiting import wait_until


def test_cancelled_email_that_waits_is_never_sent(running: Running) -> None:
    running.api.wait_until_quiet()
    to = new_address()

    with running.inbox.holding():
        ahead = running.occupy_every_worker()
        task_id = accepted_id(running.api.post_email(to))
        answer = running.api.cancel(task_id)
        if running.promises["cancel"]:
            running.wait_for_mail_clients(len(ahead))
    ended = [running.api.wait_until_final(each) for each in ahead]
    running.send_another_email()

    assert_cancelled_as_promised(running, answer, task_id, to)
    assert {task.status for task in ended} == {Status.SUCCEEDED}


def test_cancelled_email_that_runs_is_stopped(running: Running) -> None:
    to = new_address()

    with running.inbox.holding():
        task_id = accepted_id(running.api.post_email(to))
        running.wait_for_mail_clients(1)
        answer = running.api.cancel(task_id)
        if running.promises["cancel"]:
            running.wait_for_mail_clients(0)
    running.send_another_email()

    assert_cancelled_as_promised(running, answer, task_id, to)


def assert_cancelled_as_promised(
    running: Running, answer: httpx.Response, task_id: str, to: str
) -> None:
    task = running.api.wait_until_final(task_id)
    if running.promises["cancel"]:
        assert answer.status_code == 202, answer.text
        assert (task.status, task.result) == (Status.CANCELLED, None)
        assert task.finished_at is not None
        assert running.inbox.sent_to(to) == []
    else:
        assert answer.status_code == 405
        assert task.status is Status.SUCCEEDED
        assert running.inbox.task_ids_sent_to(to) == [task_id]


def test_task_is_cancelled_at_another_api_process_if_they_share_the_queue(
    running: Running, second: Running
) -> None:
    to = new_address()

    with running.inbox.holding():
        task_id = accepted_id(running.api.post_email(to))
        running.api.wait_until_running(task_id)
        answer = second.api.cancel(task_id)
        if answer.status_code == 202:
            second.api.wait_until_final(task_id)
    task = running.api.wait_until_final(task_id)

    if running.promises["cancel"] and running.promises["several_api_processes"]:
        assert answer.status_code == 202, answer.text
        assert task.status is Status.CANCELLED
    else:
        assert answer.status_code == (404 if running.promises["cancel"] else 405)
        assert task.status is Status.SUCCEEDED


def test_finished_task_cannot_be_cancelled(running: Running) -> None:
    task = running.api.wait_until_final(accepted_id(running.api.post_email()))

    answer = running.api.cancel(task.task_id)

    assert answer.status_code == (409 if running.promises["cancel"] else 405)
    assert running.api.read_task(task.task_id) == task


def test_cancelled_task_stays_cancelled_and_has_nothing_to_download(running: Running) -> None:
    with running.inbox.holding():
        task_id = accepted_id(running.api.post_email())
        running.api.wait_until_running(task_id)
        running.api.cancel(task_id)
    running.api.wait_until_final(task_id)

    assert running.api.read_result(task_id).status_code == 409
    assert running.api.cancel(task_id).status_code == (409 if running.promises["cancel"] else 405)


def test_others_go_on_after_a_cancel(running: Running) -> None:
    with running.inbox.holding():
        first, second = (accepted_id(running.api.post_email()) for _ in range(2))
        running.api.wait_until_running(first)
        running.api.cancel(first)
    task = running.api.wait_until_final(second)

    assert task.status is Status.SUCCEEDED, task.error


def test_upload_goes_with_the_cancel(running: Running) -> None:
    running.api.wait_until_quiet()

    with running.inbox.holding():
        ahead = running.occupy_every_worker()
        task_id = accepted_id(running.api.post_report(make_orders(5).csv))
        was_running = running.api.read_task(task_id).status is not Status.QUEUED
        answer = running.api.cancel(task_id)
        if answer.status_code == 202:
            running.api.wait_until_final(task_id)
            wait_until(
                "its upload is gone",
                lambda: [path.name for path in running.uploads()],
                lambda names: task_id not in names,
            )
    for each in (*ahead, task_id):
        running.api.wait_until_final(each)

    assert answer.status_code == 202 or was_running or not running.promises["cancel"]
