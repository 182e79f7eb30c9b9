"""Megabytes that a worker of 03 grows by when it looks for lost jobs among COUNT messages.

It reads the ids of all messages that wait, in steps, as `resend.py` does.
"""

import importlib
from pathlib import Path
from typing import Any

import psutil

from bench.program import run_program

from .sizes import at_each_size

BODY_BYTES = 500
MESSAGES = """
for n = tonumber(ARGV[1]), tonumber(ARGV[2]) - 1 do
  redis.call('RPUSH', 'default', '{"body": "' .. string.rep('x', tonumber(ARGV[3]))
             .. '", "properties": {"correlation_id": "waits-' .. n .. '"}}')
  redis.call('ZADD', 'tasks:open', 1, 'waits-' .. n)
end
"""


def measure(count: int, folder: Path) -> dict[str, float]:
    """Return megabytes of 10^6 bytes at each size."""
    # Any: mypy cannot follow an import by name.
    resend: Any = importlib.import_module("03_celery.resend")
    redis: Any = importlib.import_module("03_celery.records").redis
    process = psutil.Process()
    before = process.memory_info().rss

    def fill(have: int, size: int) -> None:
        for first in range(have, size, 1000):  # a script that runs for long is ended
            redis.eval(MESSAGES, 0, first, min(first + 1000, size), BODY_BYTES)

    def growth_mb() -> float:
        with resend.app.pool.acquire(block=True) as connection:
            channel = connection.default_channel
            with channel.conn_or_acquire() as broker:
                most = before
                for _ in resend.read_messages(broker, ["default"], channel.unacked_key):
                    most = max(most, process.memory_info().rss)
        unseen = redis.zcount("tasks:open", "-inf", 1)
        if unseen:
            raise ValueError(f"{unseen} messages were not seen")
        return float(most - before) / 1e6

    return at_each_size(count, fill, growth_mb)


if __name__ == "__main__":
    run_program(measure)
