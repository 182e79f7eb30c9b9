"""A failing job ends `failed`, says why in one sentence, and stops no other job."""

from lab.load.samples import make_orders
from scenarios.contract import Status
from scenarios.status import TaskStatus
from tests.support.client import ORDERS_HEADER, accepted_id, new_address
from tests.support.png import broken_pixels
from tests.support.running import MAX_ATTEMPTS, Running
from tests.support.waiting import wait_until

GOOD_ROWS = b"2025-01-01,North,Lamp,1,2.50\n" * 3


def assert_readable(task: TaskStatus) -> None:
    assert task.status is Status.FAILED
    assert task.error is not None
    assert 10 < len(task.error) < 300
    assert "Traceback" not in task.error
    assert "\n" not in task.error
    assert task.result is None
    assert task.finished_at is not None


def test_refused_email_fails_at_once_and_names_the_address(running: Running) -> None:
    to = new_address()

    with running.inbox.refusing(to, 550, times=1):
        task = running.api.wait_until_final(accepted_id(running.api.post_email(to)))

    assert_readable(task)
    assert to in str(task.error)
    assert "550" in str(task.error)
    assert task.attempts == 1
    assert running.inbox.sent_to(to) == []


def test_bad_row_is_named_and_nothing_of_its_file_stays(running: Running) -> None:
    orders = ORDERS_HEADER + GOOD_ROWS + b"2025-01-01,North,Lamp,none,2.50\n" + GOOD_ROWS

    task = running.api.wait_until_final(accepted_id(running.api.post_report(orders)))

    assert_readable(task)
    assert "row 5, column 'quantity'" in str(task.error)
    assert task.attempts == 1
    assert running.count_orders(task.task_id) == 0
    assert running.api.read_result(task.task_id).status_code == 409


def test_picture_with_damaged_pixels_fails(running: Running) -> None:
    accepted = running.api.post_image(broken_pixels())
    task = running.api.wait_until_final(accepted_id(accepted))

    assert_readable(task)
    assert "damaged" in str(task.error)
    assert running.api.read_result(task.task_id).status_code == 409
    assert running.webhooks.about(task.task_id) == []


def test_failing_jobs_do_not_stop_the_next(running: Running) -> None:
    bad_orders = ORDERS_HEADER + b"bad\n"

    accepted = [running.api.post_image(broken_pixels()) for _ in range(4)]
    accepted += [running.api.post_report(bad_orders) for _ in range(4)]
    accepted += [running.api.post_email()]
    ended = [running.api.wait_until_final(accepted_id(answer)) for answer in accepted]

    assert [task.status for task in ended] == [Status.FAILED] * 8 + [Status.SUCCEEDED]


def test_no_upload_stays_once_its_job_has_ended(running: Running) -> None:
    accepted = [
        running.api.post_report(make_orders(5).csv),
        running.api.post_report(ORDERS_HEADER + b"bad\n"),
        running.api.post_image(broken_pixels()),
    ]
    task_ids = [accepted_id(answer) for answer in accepted]
    for task_id in task_ids:
        running.api.wait_until_final(task_id)

    left = [path.name for path in running.uploads() if path.name.startswith(tuple(task_ids))]
    assert left == []


def test_temporary_refusals_end_as_the_approach_promises(running: Running) -> None:
    to = new_address()

    with running.inbox.refusing(to, 451, times=2):
        task = running.api.wait_until_final(accepted_id(running.api.post_email(to)))
    running.send_another_email()

    if running.promises["retries_transient_errors"]:
        assert (task.status, task.attempts) == (Status.SUCCEEDED, 3)
        assert running.inbox.task_ids_sent_to(to) == [task.task_id]
    else:
        assert_readable(task)
        assert "451" in str(task.error)
        assert task.attempts == 1
        assert running.inbox.sent_to(to) == []


def test_task_that_waits_for_its_next_attempt_says_why_the_last_one_failed(
    running: Running,
) -> None:
    to = new_address()

    with running.inbox.refusing(to, 451, times=3):
        task_id = accepted_id(running.api.post_email(to))
        task = wait_until(
            "the first attempt has failed, and says why",
            lambda: running.api.read_task(task_id),
            lambda task: task.error,
        )
    ended = running.api.wait_until_final(task_id)

    assert "451" in str(task.error)
    if running.promises["retries_transient_errors"]:
        assert task.status is Status.QUEUED
        assert (ended.status, ended.error) == (Status.SUCCEEDED, None)


def test_refusals_that_never_end_are_given_up(running: Running) -> None:
    to = new_address()

    with running.inbox.refusing(to, 451, times=1000):
        task = running.api.wait_until_final(accepted_id(running.api.post_email(to)))

    assert_readable(task)
    most = MAX_ATTEMPTS if running.promises["retries_transient_errors"] else 1
    assert task.attempts == most
    assert running.inbox.sent_to(to) == []
