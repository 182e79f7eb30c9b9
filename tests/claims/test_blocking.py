"""What keeps the server from answering, and what does not."""

import time

import anyio.to_thread
import pytest
from fastapi import BackgroundTasks

from .conftest import Saw
from .serving import Server


def ping_during(server: Server, kind: str, name: str, gate: str) -> tuple[list[str], float]:
    """Ask while a job runs; return the order of events, and how long the answer took in ms."""
    server.post(f"/jobs/{kind}?names={name}")
    server.wait_for(f"{name} began")
    begin = time.monotonic()
    server.get(f"/ping?word={name} ping")
    took_ms = 1000 * (time.monotonic() - begin)
    server.open(gate)
    return server.order(f"{name} began", f"{name} ping", f"{name} ended"), took_ms


def assert_held_up(order: list[str]) -> None:
    assert [each.split()[-1] for each in order] == ["began", "ended", "ping"]


def assert_answered_meanwhile(order: list[str]) -> None:
    assert [each.split()[-1] for each in order] == ["began", "ping", "ended"]


def test_c02_blocking_call_blocks_in_async_def_only(server: Server, saw: Saw) -> None:
    blocked, async_ms = ping_during(server, "block_the_loop", "c02a", "c02a")
    free, def_ms = ping_during(server, "wait_in_thread", "c02d", "c02d")

    assert_held_up(blocked)
    assert_answered_meanwhile(free)
    saw(
        f"A blocking call of 500 ms: /ping waited {async_ms:.0f} ms for an async def task,"
        f" {def_ms:.0f} ms for a def task, which runs in a thread."
    )


def test_c23_import_in_an_async_task_blocks_the_loop(server: Server, saw: Saw) -> None:
    blocked, async_ms = ping_during(server, "import_on_the_loop", "c23a", "c23a")
    free, def_ms = ping_during(server, "import_in_thread", "c23d", "library")

    assert_held_up(blocked)
    assert_answered_meanwhile(free)
    saw(
        f"An import of 500 ms: /ping waited {async_ms:.0f} ms for an async def task,"
        f" {def_ms:.0f} ms for a def task."
    )


def test_c24_computing_stops_the_loop_and_cannot_be_cancelled(server: Server, saw: Saw) -> None:
    blocked, async_ms = ping_during(server, "compute_on_the_loop", "c24a", "c24a")
    free, def_ms = ping_during(server, "compute_in_thread", "c24d", "c24d")

    assert_held_up(blocked)
    assert_answered_meanwhile(free)
    assert not {"cancel", "status", "result"} & set(dir(BackgroundTasks()))
    saw(
        f"500 ms of computing: /ping waited {async_ms:.0f} ms for an async def task,"
        f" {def_ms:.0f} ms for a def task. There is nothing to ask or to cancel."
    )


@pytest.mark.anyio
async def test_c16_thread_pool_has_forty_places(saw: Saw) -> None:
    assert anyio.to_thread.current_default_thread_limiter().total_tokens == 40


def test_c16_fortieth_def_task_starves_every_def_endpoint(server: Server, saw: Saw) -> None:
    places = [f"place{number}" for number in range(40)]
    start_in_threads(server, places[:39])
    assert server.answers("/sync", within_s=10)
    start_in_threads(server, places[39:])

    for path in ("/sync", "/async-with-sync-dependency"):
        assert not server.answers(path, within_s=0.5), path
    assert server.answers("/ping", within_s=10)
    assert server.post("/jobs/say?names=c16").status_code == 200

    for place in places:
        server.open(place)
    assert server.answers("/sync", within_s=10)
    saw(
        "39 def tasks: every endpoint answered. With the 40th no def endpoint did, nor an async"
        " one with a def dependency; pure async ones went on answering and taking tasks."
    )


def start_in_threads(server: Server, names: list[str]) -> None:
    for name in names:
        server.post(f"/jobs/wait_in_thread?names={name}")
    server.order(*(f"{name} began" for name in names))
