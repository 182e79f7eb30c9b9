"""One stream tells each change of a task, resumes where it was cut, and ends with the task."""

import asyncio
import json
from collections.abc import Iterator

import httpx
import pytest

from scenarios.contract import Kind
from scenarios.recipes import progress
from scenarios.status import TaskStatus
from tests.support.client import accepted_id
from tests.support.running import Running

Event = tuple[str, dict[str, object]]


def read_events(answer: httpx.Response) -> Iterator[Event]:
    """Yield the id and the content of each event, as a browser does."""
    data = ""
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if name == "data":
            data = value
        elif name == "id":
            yield value, json.loads(data)


def follow(running: Running, task_id: str, seen: str | None = None) -> list[Event]:
    """Follow a task to its end."""
    headers = {"Last-Event-ID": seen} if seen else {}
    with running.api.http.stream("GET", f"/tasks/{task_id}/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(read_events(answer))


def test_stream_tells_each_change_once_and_ends_with_the_task(running: Running) -> None:
    with running.inbox.holding():
        task_id = accepted_id(running.api.post_email())
        running.api.wait_until_running(task_id)
        with running.api.http.stream("GET", f"/tasks/{task_id}/events") as answer:
            told = read_events(answer)
            events = [next(told)]
            running.inbox.release()
            events += told

    names = [name for name, _ in events]
    last = events[-1][1]
    assert events[0][1]["status"] == "running"
    assert len(set(names)) == len(names) > 1
    assert (last["status"], last["progress"]) == ("succeeded", 100)


def test_stream_that_was_cut_goes_on_with_what_is_new(running: Running) -> None:
    with running.inbox.holding():
        task_id = accepted_id(running.api.post_email())
        running.api.wait_until_running(task_id)
        with running.api.http.stream("GET", f"/tasks/{task_id}/events") as answer:
            seen, _ = next(read_events(answer))  # and then the client goes away
    rest = follow(running, task_id, seen)

    assert seen not in [name for name, _ in rest]
    assert rest[-1][1]["status"] == "succeeded"
    headers = {"Last-Event-ID": rest[-1][0]}
    over = running.api.http.get(f"/tasks/{task_id}/events", headers=headers)
    assert (over.status_code, over.content) == (204, b"")  # so a browser does not come back


def test_nothing_is_streamed_of_an_unknown_task(running: Running) -> None:
    refused = running.api.http.get("/tasks/unknown/events")

    assert refused.status_code == 404
    assert refused.json()["detail"] == "no task 'unknown'"


def test_stream_of_a_task_that_waits_for_days_ends_so_that_a_server_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "LONGEST_S", 0.05)
    monkeypatch.setattr(progress, "LOOK_EVERY_S", 0.01)

    async def read() -> TaskStatus:
        return TaskStatus(task_id="waits", kind=Kind.EMAIL)

    async def count() -> int:
        return len([task async for task in progress.follow(read, None)])

    assert asyncio.run(asyncio.wait_for(count(), 10)) == 1


def test_end_that_comes_while_the_client_reads_is_told_too() -> None:
    assert asyncio.run(follow_a_record()) == ["running", "succeeded"]


async def follow_a_record() -> list[str]:
    """Follow a record in memory, whose job ends while the first state is on its way."""
    task = TaskStatus(task_id="a", kind=Kind.EMAIL)
    task.begin()

    async def read() -> TaskStatus:
        return task

    told: list[str] = []
    async for state in progress.follow(read, None):
        told.append(state.status)
        if not task.status.is_final:
            task.succeed({})
    return told
