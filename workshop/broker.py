"""The Redis and the worker of a check: what Celery has left, and moments that are hard to meet."""

from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from redis import Redis

from lab.processes.part import Part


def count_queued(redis: Redis) -> int:
    """Return how many messages wait in the queue."""
    return int(str(redis.llen("celery")))


def count_taken(redis: Redis) -> int:
    """Return how many messages a worker has taken and not acknowledged."""
    return int(str(redis.hlen("unacked")))


def count_left(redis: Redis) -> int:
    return count_queued(redis) + count_taken(redis)


def let_pass(redis: Redis, seconds: float) -> None:
    """Forget each key that would expire within this time, as if it had passed."""
    for key in redis.scan_iter():
        if 0 <= int(str(redis.pttl(key))) <= seconds * 1000:
            redis.delete(key)


@contextmanager
def only_reads(redis: Redis, longest_s: float) -> Iterator[None]:
    """Let everybody look, and let each write wait: who looks first and writes then is overtaken."""
    redis.client_pause(int(longest_s * 1000), all=False)
    try:
        yield
    finally:
        redis.client_unpause()


@contextmanager
def suspended(worker: Part) -> Iterator[None]:
    """Stop the processes that run the jobs: the worker takes jobs, and none of them begins."""
    children = [psutil.Process(pid) for pid in worker.children()]
    for child in children:
        child.suspend()
    try:
        yield
    finally:
        for child in children:
            child.resume()
