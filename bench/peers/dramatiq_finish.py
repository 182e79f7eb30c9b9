"""Tasks a second that dramatiq sends to Valkey, and no-op tasks with one worker process."""

import os
from pathlib import Path

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from bench.program import run_program

from .worker_process import time_worker, worker_process

WORKER = ["dramatiq", "bench.peers.dramatiq_finish", "--processes", "1", "--threads", "4"]
QUEUE = "bench-dramatiq"
broker = RedisBroker(url=os.environ.get("REDIS_URL", "redis://"))
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name=QUEUE)
def noop() -> None:
    """Do nothing."""


def is_drained() -> bool:
    """Tell whether every message is acknowledged."""
    return not broker.do_qsize(QUEUE)


def measure(count: int, folder: Path) -> dict[str, float]:
    """Return tasks a second, sent and finished."""
    broker.flush_all()
    with worker_process(WORKER, folder):
        return time_worker(noop.send, is_drained, count)


if __name__ == "__main__":
    run_program(measure)
