"""In which order a Celery worker takes tasks. The outcome depends on kombu's Redis transport."""

import pytest

from tests.claims.conftest import Saw
from tests.support.waiting import wait_until

from .broker import Broker, Conf

ONE_BY_ONE = {"worker_prefetch_multiplier": 1}
QUEUES = {"high": "h", "default": "d", "low": "l"}
IN_TURN = {"broker_transport_options": {"queue_order_strategy": "priority"}}


def run_all(broker: Broker, conf: Conf, count: int, *args: str) -> list[str]:
    """Let one worker process run what is queued; return the order."""
    with broker.worker(ONE_BY_ONE | dict(conf), *args) as worker:
        return wait_until("all ran", worker.said, lambda said: len(said) == count)


def test_c46_three_queues_take_turns_unless_told_otherwise(broker: Broker, saw: Saw) -> None:
    orders = []
    for conf in ({}, IN_TURN):
        for queue in ("low", "default", "high"):
            for _ in range(5):
                broker.send("quick", QUEUES[queue], queue=queue)
        orders.append("".join(run_all(broker, conf, 15, "-Q", ",".join(QUEUES))))

    assert orders[0][:6] == "hdlhdl"
    assert orders[1] == "hhhhhdddddlllll"
    saw(
        f"High, default and low queue, one worker process: {orders[0]}. With queue_order_strategy"
        f" “priority”: {orders[1]}."
    )


def test_c47_priority_zero_is_the_highest_on_redis(broker: Broker, saw: Saw) -> None:
    for priority in (9, 5, 0, None):
        for _ in range(2):
            broker.send("quick", str(priority), priority=priority)

    order = run_all(broker, {}, 8)

    assert order == ["0", "0", "None", "None", "5", "5", "9", "9"]
    saw(f"Queued with priority 9, 5, 0, none; run in the order {', '.join(order[::2])}.")


@pytest.mark.parametrize(
    ("conf", "left", "words"),
    [
        ({}, 0, "By default"),
        (ONE_BY_ONE, 3, "With multiplier 1"),
        (ONE_BY_ONE | {"task_acks_late": True}, 4, "With multiplier 1 and acks_late"),
    ],
)
def test_c49_worker_holds_short_tasks_back(
    broker: Broker, conf: Conf, left: int, words: str, saw: Saw
) -> None:
    with broker.worker(conf) as worker:
        broker.send("held", "long")
        worker.wait_for("long began")
        for number in range(4):
            broker.send("quick", str(number))
        wait_until("the worker took its share", broker.count_queued, lambda count: count == left)
        worker.outlives(0.5)  # it takes no more

        assert broker.count_queued() == left
    saw(f"{words}, {4 - left} of 4 short tasks were stuck behind a long one, out of others' reach.")
