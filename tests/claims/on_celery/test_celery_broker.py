"""What the broker keeps, what a worker throws away, what can be revoked, what beat queues."""

from pathlib import Path
from typing import Any

import pytest
from celery.result import AsyncResult

from tests.claims.conftest import Saw
from tests.claims.serving import Watched
from tests.support.waiting import wait_until

from .broker import Broker, open_broker

TASKS = 10


@pytest.mark.parametrize(
    ("persistence", "kept", "words"),
    [
        (("--save", ""), 0, "without persistence"),
        (("--save", "3600 1 300 100 60 10000"), 0, "with the stock snapshots"),
        (("--save", "", "--appendonly", "yes"), TASKS, "with appendonly"),
    ],
)
def test_c39_killed_broker_keeps_tasks_with_appendonly_only(
    tmp_path: Path, persistence: tuple[str, ...], kept: int, words: str, saw: Saw
) -> None:
    with open_broker(tmp_path, persistence) as broker:
        for number in range(TASKS):
            broker.send("quick", str(number))
        assert broker.count_queued() == TASKS

        broker.valkey.kill9()
        broker.valkey.restart()

        assert broker.count_queued() == kept
    saw(f"Broker killed, {words}: {kept} of {TASKS} tasks were kept.")


def test_c39_full_cache_may_evict_the_queue(broker: Broker, saw: Saw) -> None:
    for number in range(100):
        broker.send("quick", str(number))
    used = broker.redis.info("memory")["used_memory"]

    broker.redis.config_set("maxmemory-policy", "allkeys-lru")
    broker.redis.config_set("maxmemory", used + 1_000_000)
    for number in range(2000):
        broker.redis.set(f"cached-page-{number}", b"x" * 10_000)
    broker.redis.config_set("maxmemory", 0)
    broker.redis.config_set("maxmemory-policy", "noeviction")

    assert broker.count_queued() == 0
    saw("allkeys-lru and a full cache in the same server: 100 queued tasks went to 0, no error.")


def test_c39_tasks_wait_for_a_worker_and_outlast_its_end(broker: Broker, saw: Saw) -> None:
    for task, name in (("held", "long"), ("quick", "second"), ("quick", "third")):
        broker.send(task, name)
    with broker.worker() as worker:
        worker.wait_for("long began")
        broker.wait_until_known()
        worker.part.term()
        worker.open("long")
        worker.part.wait_exit()
        assert worker.said()[-1] == "long ended"
    assert broker.count_queued() == 2
    with broker.worker() as worker:
        assert sorted(worker.order("second", "third")) == ["second", "third"]
    saw("Queued before any worker ran: run. SIGTERM: the running one ended, the next worker ran 2.")


def test_c41_worker_without_the_tasks_throws_messages_away(broker: Broker, saw: Saw) -> None:
    result = broker.send("quick", "lost")

    with broker.worker({"task_acks_late": True}, module="settings_only") as worker:
        wait_until("it failed", lambda: result.state, lambda state: state == "FAILURE")
        log = worker.part.log_text()

    assert "Received unregistered task of type 'quick'" in log
    assert (broker.count_queued(), broker.count_unacked()) == (0, 0)
    saw("A worker without the task's module discarded the message: queue 0, unacknowledged 0.")


def test_c53_revoke_stops_what_is_queued_and_not_what_runs(broker: Broker, saw: Saw) -> None:
    with broker.worker() as worker:
        running = broker.send("held", "running")
        worker.wait_for("running began")
        queued = broker.send("quick", "queued")
        running.revoke()
        queued.revoke()
        wait_until_known(worker, running.id, queued.id)
        worker.open("running")
        wait_until_revoked(queued)
        assert running.get(timeout=20) == "running"

        killed = broker.send("held", "killed")
        worker.wait_for("killed began")
        killed.revoke(terminate=True)
        wait_until_revoked(killed)
        worker.open("killed")

        assert broker.send("quick", "later").get(timeout=20) == "later"
        assert not {"queued", "killed ended"} & set(worker.said())
    saw("revoke(): REVOKED if queued, no effect if running; terminate=True killed a running one.")


def wait_until_revoked(result: AsyncResult[Any]) -> None:  # Any: whatever it would return
    wait_until("REVOKED", lambda: str(result.state), lambda state: state == "REVOKED")


def wait_until_known(worker: Watched, *task_ids: str | None) -> None:
    """Wait until the worker has heard of each revoke."""
    for task_id in task_ids:
        words = f"Tasks flagged as revoked: {task_id}"
        wait_until(f"the worker logged {words!r}", lambda: words in worker.part.log_text())  # noqa: B023 # at once


def test_c53_revoke_is_forgotten_when_no_worker_runs(broker: Broker, saw: Saw) -> None:
    broker.send("quick", "revoked early").revoke()

    with broker.worker() as worker:
        worker.wait_for("revoked early")
    saw("Revoked while no worker ran: the task ran all the same.")


def count_ticks(beat: Watched) -> int:
    return beat.part.log_text().count("Sending due task tick")


def test_c52_two_beats_queue_everything_twice(broker: Broker, saw: Saw) -> None:
    with broker.beat() as one, broker.beat() as two:
        for beat in (one, two):
            wait_until("three ticks", lambda: count_ticks(beat), lambda count: count >= 3)  # noqa: B023 # at once
        ticks = [count_ticks(one), count_ticks(two)]
        queued = wait_until("all are queued", broker.count_queued, lambda n: n >= sum(ticks))

    assert queued >= sum(ticks) >= 6
    with broker.worker() as worker:
        worker.wait_for("tick", times=6)
    saw(
        "Two schedulers queued every tick twice; a worker that came late ran all of them, at least"
        " 6, one after the other."
    )
