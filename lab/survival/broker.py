"""Reads what the broker of 03 still holds, and empties it."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis

QUEUES = ("high", "default", "low")
HELD = "unacked"  # delivered to a worker, and not acknowledged
INDEX = "unacked_index"
OPEN = "tasks:open"  # the jobs of 03 that are sent again when the broker has lost them


def read_messages(url: str) -> str:
    """Return every message that the broker holds, one a line; a task is in it by its id."""
    with Redis.from_url(url, decode_responses=True) as redis:
        return "\n".join(_messages(redis))


def count_waiting(url: str) -> int:
    """Count the messages that no worker has been given."""
    with Redis.from_url(url) as redis:
        return sum(int(str(redis.llen(queue))) for queue in QUEUES)


def count_pops(url: str) -> int:
    """Count the commands of the worker that waits for a message; 0 while none waits.

    The worker asks again each second, so the number grows.
    """
    with Redis.from_url(url) as redis:
        clients: list[dict[str, str]] = redis.client_list()
    return max((int(each["tot-cmds"]) for each in clients if "b" in each["flags"]), default=0)


def forget_messages(url: str) -> None:
    """Empty the queues, so that the next trial begins with none."""
    with Redis.from_url(url) as redis:
        redis.delete(*QUEUES, HELD, INDEX, OPEN)


@contextmanager
def full(url: str) -> Iterator[None]:
    """Let Redis refuse every write within the block, as when its memory is full."""
    with Redis.from_url(url) as redis:
        redis.config_set("maxmemory-policy", "noeviction")
        redis.config_set("maxmemory", 1)
        try:
            yield
        finally:
            redis.config_set("maxmemory", 0)


def stop_writing(url: str) -> None:
    """Switch the append-only file off, as it is in a Redis without any configuration."""
    with Redis.from_url(url) as redis:
        redis.config_set("appendonly", "no")


def _messages(redis: "Redis") -> Iterator[str]:
    for queue in QUEUES:
        yield from map(str, redis.lrange(queue, 0, -1))
    yield from map(str, redis.hvals(HELD))
