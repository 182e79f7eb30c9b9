"""A status in memory behind four server processes. The outcome depends on uvicorn's --workers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.support.waiting import wait_until

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


def ask_at_once(server: Server, path: str, times: int) -> list[httpx.Response]:
    """Ask from several connections at once, so that no process is idle."""
    with ThreadPoolExecutor(8) as clients:
        return list(clients.map(lambda _: server.get(path), range(times)))


def wait_for_every_process(server: Server) -> None:
    seen: set[int] = set()

    def look() -> set[int]:
        seen.update(answer.json() for answer in ask_at_once(server, "/ping", 16))
        return seen

    wait_until("every process answered", look, lambda pids: len(pids) == PROCESSES)


def test_c13_status_in_memory_is_a_404_on_the_other_processes(server: Server, saw: Saw) -> None:
    path = f"/tasks/{server.post('/tasks').json()['id']}"
    statuses: list[int] = []

    def look_up() -> list[int]:
        statuses.extend(each.status_code for each in ask_at_once(server, path, LOOK_UPS))
        return statuses

    wait_until("both answers were seen", look_up, lambda seen: set(seen) == {200, 404})
    share = statuses.count(404) / len(statuses)
    saw(f"With {PROCESSES} processes {share:.0%} of {len(statuses)} look-ups were a 404.")


def test_c13_client_that_keeps_its_connection_does_not_see_it(server: Server, saw: Saw) -> None:
    with server.client() as client:
        task = client.post("/tasks").json()
        statuses = {client.get(f"/tasks/{task['id']}").status_code for _ in range(50)}

    assert statuses == {200}
    saw("A client that kept its connection saw 0 of 50: it speaks to one process only.")


def test_c12_only_the_process_that_took_a_task_runs_it(server: Server, saw: Saw) -> None:
    tasks = [server.post("/tasks").json() for _ in range(6)]

    ran = [find(server, task["id"]) for task in tasks]

    assert ran == [task["taken_by"] for task in tasks]
    saw(f"{len(tasks)} of {len(tasks)} tasks ran in the process that took them.")


def find(server: Server, task_id: str) -> int:
    """Ask until the process answers that knows the task and has run it."""

    def look() -> int | None:
        answers = ask_at_once(server, f"/tasks/{task_id}", 8)
        ran_in = [answer.json()["ran_in"] for answer in answers if answer.is_success]
        return next(filter(None, ran_in), None)

    pid = wait_until("the process that has the task says that it ran", look)
    assert pid
    return pid
