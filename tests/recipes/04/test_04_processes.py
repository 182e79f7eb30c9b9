"""`--workers 2`: what is true of two queues in memory, and of one in a file."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace

import httpx
import psutil
import pytest

from tests.recipes.recipe_app import RecipeApp, run_recipe_app
from tests.recipes.waiting_line import email
from tests.support.client import Api, accepted_id
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until

PATIENT = ["--timeout-keep-alive", "600", "--timeout-worker-healthcheck", "60"]
ARGS = ["--workers", "2", *PATIENT]
FOR_EVER = httpx.Limits(keepalive_expiry=None)


@pytest.fixture(scope="module", params=["04_custom_queue", "04_custom_queue+sqlite"])
def pair(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    services: Receiver,
) -> Iterator[list[RecipeApp]]:
    """Start one app with two processes; each of the two clients speaks with one of them."""
    folder = tmp_path_factory.mktemp("04-pair")
    with (
        run_recipe_app(folder, request.param, services, uvicorn_args=ARGS) as app,
        ExitStack() as opened,
    ):
        by_pid: dict[int, RecipeApp] = {}

        def connect() -> int:
            # A connection that is kept alive stays with the process that has accepted it.
            api = opened.enter_context(closing(Api(app.part.url, FOR_EVER)))
            pid = find_pid(app, api.http)
            by_pid.setdefault(pid, replace(app, api=api))
            return len(by_pid)

        wait_until("both processes have answered", connect, lambda processes: processes == 2)
        yield list(by_pid.values())


def find_pid(app: RecipeApp, http: httpx.Client) -> int:
    """Return the process that answers on this connection."""
    address = http.get("/healthz").extensions["network_stream"].get_extra_info("client_addr")
    for pid in app.part.children():
        for each in psutil.Process(pid).net_connections("tcp"):
            if each.raddr == tuple(address):
                return pid
    raise AssertionError(f"no process of {app.part.name} has the connection {address}")


def in_memory(pair: list[RecipeApp]) -> bool:
    return pair[0].part.name == "04_custom_queue"


def test_status_is_known_to_one_process_in_memory_and_to_both_on_disk(
    pair: list[RecipeApp],
) -> None:
    here, there = pair

    task_id = accepted_id(here.http.post("/compute/", json={"up_to": 1000}))
    wait_until("it is done", lambda: here.api.read_task(task_id).status == "succeeded")
    seen = there.http.get(f"/tasks/{task_id}")

    if in_memory(pair):
        assert seen.status_code == 404
    else:
        assert seen.json()["status"] == "succeeded"


def test_metrics_count_one_process_in_memory_and_both_on_disk(pair: list[RecipeApp]) -> None:
    here, there = pair
    before = [app.api.wait_until_quiet().succeeded for app in pair]

    for app in (here, here, there):
        app.job(email(app, "ann@example.net"))
    after = [app.api.wait_until_quiet() for app in pair]

    more = [seen.succeeded - count for seen, count in zip(after, before, strict=True)]
    assert more == ([2, 1] if in_memory(pair) else [3, 3])
    assert [seen.workers for seen in after] == ([4, 4] if in_memory(pair) else [8, 8])


def test_other_process_lists_and_stops_a_probe_on_disk_only(pair: list[RecipeApp]) -> None:
    here, there = pair

    task_id = accepted_id(here.http.post("/probes", json={"source": "rates", "every_s": 0.1}))
    wait_until("it has run", lambda: here.http.get("/probes").json()[0]["runs"])
    listed = [each["task_id"] for each in there.http.get("/probes").json()]
    stopped = there.http.delete(f"/tasks/{task_id}").status_code
    if in_memory(pair):
        here.http.delete(f"/tasks/{task_id}").raise_for_status()

    assert (listed, stopped) == (([], 404) if in_memory(pair) else ([task_id], 202))
    wait_until("it is over", lambda: here.api.read_task(task_id).status == "cancelled")


def test_dead_letter_is_put_back_once_whichever_process_is_asked(pair: list[RecipeApp]) -> None:
    here, there = pair
    here.refuse_mail("bob@example.net", 550)
    failed = email(here, "bob@example.net")
    here.job(failed)

    codes = [
        app.http.post(f"/dead-letters/{accepted_id(failed)}/retry").status_code
        for app in (there, here, here)
    ]

    assert codes == ([404, 202, 409] if in_memory(pair) else [202, 409, 409])
    assert here.job(failed)["status"] == "succeeded"
    assert here.api.read_metrics().failed == 0
