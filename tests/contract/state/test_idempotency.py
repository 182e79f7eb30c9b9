"""The same Idempotency-Key gives the same task and one effect, or is ignored, as promised."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from lab.load.samples import make_orders
from scenarios.contract import Status
from tests.support.client import accepted_id, new_address
from tests.support.running import Running


def test_same_key_sends_one_email_even_when_posted_at_the_same_moment(running: Running) -> None:
    to, key = new_address(), uuid4().hex

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: running.api.post_email(to, key=key), range(10)))
    task_ids = {accepted_id(answer) for answer in answers}
    for task_id in task_ids:
        running.api.wait_until_final(task_id)
    running.send_another_email()

    expected = 1 if running.promises["idempotency_key"] else 10
    assert len(task_ids) == expected
    assert len(running.inbox.sent_to(to)) == expected


def test_same_key_at_two_api_processes_is_one_task_if_they_share_the_queue(
    running: Running, second: Running
) -> None:
    to, key = new_address(), uuid4().hex
    apis = [running.api, second.api] * 5

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda api: api.post_email(to, key=key), apis))
    accepted = {accepted_id(answer): api for answer, api in zip(answers, apis, strict=True)}
    for task_id, api in accepted.items():
        api.wait_until_final(task_id)
    running.send_another_email()

    shared = 1 if running.promises["several_api_processes"] else 2
    expected = shared if running.promises["idempotency_key"] else 10
    assert len(accepted) == expected
    assert len(running.inbox.sent_to(to)) == expected


def test_same_key_after_the_end_gives_the_same_task(running: Running) -> None:
    to, key = new_address(), uuid4().hex

    first = accepted_id(running.api.post_email(to, key=key))
    running.api.wait_until_final(first)
    second = accepted_id(running.api.post_email(to, key=key))
    task = running.api.wait_until_final(second)

    assert (first == second) is running.promises["idempotency_key"]
    assert task.status is Status.SUCCEEDED


def test_same_key_makes_one_report(running: Running) -> None:
    key, orders = uuid4().hex, make_orders(5).csv

    task_ids = {accepted_id(running.api.post_report(orders, key=key)) for _ in range(3)}
    for task_id in task_ids:
        running.api.wait_until_final(task_id)

    assert len(task_ids) == (1 if running.promises["idempotency_key"] else 3)


def test_repeated_request_leaves_no_file_of_its_own(running: Running) -> None:
    key, orders = uuid4().hex, make_orders(5).csv
    before = files_of_tasks(running)

    task_ids = {accepted_id(running.api.post_report(orders, key=key)) for _ in range(5)}
    for task_id in task_ids:
        running.api.wait_until_final(task_id)

    assert files_of_tasks(running) - before == task_ids


def files_of_tasks(running: Running) -> set[str]:
    """Return the ids of the tasks that have an upload, or a mark of a file."""
    folders = [running.data_dir / "uploads", *(running.data_dir / "owners").glob("*-*")]
    return {path.name for folder in folders for path in folder.iterdir()}


def test_key_belongs_to_the_route_and_the_body(running: Running) -> None:
    to, key, orders = new_address(), uuid4().hex, make_orders(5).csv

    first = accepted_id(running.api.post_email(to, key=key))
    others = [
        running.api.post_email(new_address(), key=key),
        running.api.post_report(orders, key=key),
    ]
    running.api.wait_until_final(first)
    again = running.api.post_report(orders, key=key)

    wanted = 422 if running.promises["idempotency_key"] else 202
    assert [answer.status_code for answer in (*others, again)] == [wanted] * 3
    if wanted == 422:
        assert all("Idempotency-Key" in answer.text for answer in (*others, again))
    else:
        for answer in (*others, again):
            running.api.wait_until_final(accepted_id(answer))


def test_other_keys_and_no_key_give_other_tasks(running: Running) -> None:
    keys = [uuid4().hex, uuid4().hex, None, None]

    task_ids = [accepted_id(running.api.post_email(key=key)) for key in keys]
    ended = [running.api.wait_until_final(task_id) for task_id in task_ids]

    assert len(set(task_ids)) == 4
    assert {task.status for task in ended} == {Status.SUCCEEDED}


def test_key_of_a_refused_request_is_still_free(running: Running) -> None:
    key = uuid4().hex

    refused = running.api.post_report(b"no orders", key=key)
    accepted = running.api.post_report(make_orders(5).csv, key=key)

    assert refused.status_code == 422
    task = running.api.wait_until_final(accepted_id(accepted))
    assert task.status is Status.SUCCEEDED, task.error


def test_two_keys_in_one_request_are_refused_wherever_one_is_read(running: Running) -> None:
    paths = running.api.http.get("/openapi.json").json()["paths"]
    routes = [
        path
        for path, methods in paths.items()
        for header in methods.get("post", {}).get("parameters", [])
        if header["name"] == "Idempotency-Key"
    ]
    keys = [("Idempotency-Key", uuid4().hex) for _ in range(2)]

    answers = [running.api.http.post(path, headers=keys) for path in routes]

    assert {"/emails", "/reports", "/images"} <= set(routes)
    assert [answer.status_code for answer in answers] == [422] * len(routes)
    problems = [answer.json()["detail"][0] for answer in answers]
    assert {problem["msg"] for problem in problems} == {"send one Idempotency-Key, not several"}


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_key_of_a_wrong_length_is_refused(running: Running, key: str) -> None:
    answer = running.api.post_email(key=key)

    assert answer.status_code == 422, answer.text
