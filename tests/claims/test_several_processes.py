"""A status in memory behind four server processes. The outcome depends on uvicorn's --workers."""

from collections.abc import Iterator

import httpx
import pytest

from tests.waiting import wait_until

from .conftest import Saw
from .serving import Server, serve

PROCESSES = 4
LOOK_UPS = 100


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("several")
    with serve(folder, "status_in_memory", "--workers", str(PROCESSES)) as server:
        wait_for_every_process(server)
        yield server


def wait_for_every_process(server: Server) -> None:
    seen: set[int] = set()

    def look() -> set[int]:
        seen.add(server.get("/ping").json())
        return seen

    wait_until("every process answered", look, lambda pids: len(pids) == PROCESSES)


def test_c13_status_in_memory_is_a_404_on_the_other_processes(server: Server, saw: Saw) -> None:
    task = server.post("/tasks").json()

    statuses = [server.get(f"/tasks/{task['id']}").status_code for _ in range(LOOK_UPS)]

    missing = statuses.count(404)
    assert 0 < missing < LOOK_UPS
    assert missing + statuses.count(200) == LOOK_UPS
    saw(f"With {PROCESSES} processes {missing} of {LOOK_UPS} look-ups were a 404.")


def test_c13_client_that_keeps_its_connection_does_not_see_it(server: Server, saw: Saw) -> None:
    with server.client() as client:
        task = client.post("/tasks").json()
        statuses = {client.get(f"/tasks/{task['id']}").status_code for _ in range(50)}

    assert statuses == {200}
    saw("A client that kept its connection saw 0 of 50: it speaks to one process only.")


def test_c12_only_the_process_that_took_a_task_runs_it(server: Server, saw: Saw) -> None:
    tasks = [server.post("/tasks").json() for _ in range(20)]

    ran = [find(server, task["id"]) for task in tasks]

    assert [each["ran_in"] for each in ran] == [task["taken_by"] for task in tasks]
    assert len({task["taken_by"] for task in tasks}) > 1
    saw(f"{len(tasks)} of {len(tasks)} tasks ran in the process that took them.")


def find(server: Server, task_id: str) -> dict[str, int]:
    """Ask until the process answers that knows the task."""

    def look() -> httpx.Response:
        return server.get(f"/tasks/{task_id}")

    answer = wait_until(
        "its process answered that it ran",
        look,
        lambda answer: answer.is_success and answer.json()["ran_in"],
    )
    found: dict[str, int] = answer.json()
    return found
