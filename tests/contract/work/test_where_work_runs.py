"""`ran_in` proves where each kind of work ran."""

from collections.abc import Callable

import httpx
import pytest

from lab.approaches import Approach
from lab.load.samples import encode, make_orders, make_photo
from scenarios.contract import Status
from scenarios.status import RanIn
from tests.support.client import Api, accepted_id
from tests.support.running import Running


def place(ran_in: RanIn) -> str:
    if not ran_in.is_api_process:
        return "other process"
    return "event loop" if ran_in.thread == "MainThread" else "thread"


def expected_place(approach: Approach, kind: str) -> str:
    if "worker" in approach.services:
        return "other process"
    if kind == "image" and approach.promises["cpu_work_outside_api"]:
        return "other process"
    return "event loop" if kind == "email" else "thread"


POSTS: dict[str, Callable[[Api], httpx.Response]] = {
    "email": lambda api: api.post_email(),
    "report": lambda api: api.post_report(make_orders(5).csv),
    "image": lambda api: api.post_image(encode(make_photo((40, 30)), "PNG")),
}


@pytest.mark.parametrize("kind", POSTS)
def test_work_runs_where_the_approach_says(running: Running, kind: str) -> None:
    answer = POSTS[kind](running.api)
    task = running.api.wait_until_final(accepted_id(answer))

    assert task.status is Status.SUCCEEDED, task.error
    assert task.ran_in is not None
    assert place(task.ran_in) == expected_place(running.approach, kind)
    assert (task.ran_in.pid == running.part.pid) == task.ran_in.is_api_process
