"""What many jobs cost: to count them the same as few, to look for lost ones little memory."""

import json
import statistics
from collections.abc import Iterator
from uuid import uuid4

import psutil
import pytest
import redis

from tests.recipes.celery_api import CELERY, CeleryApi, open_celery_api
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until

ENDED = """
for n = 1, tonumber(ARGV[1]) do
  local id = 'known-' .. n
  redis.call('HSET', 'task:' .. id, 'name', 'a.email', 'status', 'succeeded', 'attempts', 1,
             'queued_at', '1', 'finished_at', '2')
  redis.call('ZADD', 'tasks:succeeded', ARGV[2], id)
end
"""
MANY = 100_000
LONG_AGO, NOT_YET = 1, 99_999_999_999
PADDING = {"body": "x" * 60_000}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, services: Receiver) -> Iterator[CeleryApi]:
    with open_celery_api(tmp_path_factory.mktemp("many"), services, worker=False) as celery_api:
        yield celery_api


def test_look_for_lost_jobs_finds_one_among_many_in_little_memory(own: CeleryApi) -> None:
    lost, template = own.post_email(), own.post_email()
    with redis.Redis.from_url(own.stack.redis_url, socket_timeout=30) as client:
        texts = [str(text, "utf-8") for text in client.lrange("default", 0, -1)]
        [message] = [text for text in texts if template in text]
        facts = client.hgetall(f"task:{template}")
        client.delete("default")
        many = [str(uuid4()) for _ in range(600)]
        for first in range(0, len(many), 200):  # 36 MB in all
            with client.pipeline() as batch:
                for task_id in many[first : first + 200]:
                    text = json.dumps(json.loads(message.replace(template, task_id)) | PADDING)
                    batch.lpush("default", text)
                    batch.hset(f"task:{task_id}", mapping=facts)
                    batch.zadd("tasks:queued", {task_id: 1})
                    batch.zadd("tasks:open", {task_id: 1})
                batch.execute()
        own.http.delete(f"/tasks/{template}")

        with own.worker("elsewhere", args=["--queues", "high"]) as worker:
            process = psutil.Process(worker.pid)
            before = most = process.memory_info().rss

            def see() -> list[dict[str, object]]:
                nonlocal most
                most = max(most, process.memory_info().rss)
                return own.log_of(lost, "resent")

            wait_until("the lost one is sent again", see, timeout_s=60)
            wait_until(
                "all others were seen",
                lambda: client.zcount("tasks:open", "-inf", 1),
                lambda unseen: unseen == 0,
            )
        sent = client.llen("default")
        client.flushdb()

    assert sent == len(many) + 1
    assert most - before < 20 * 2**20


def test_counts_cost_the_same_for_100_000_known_jobs(own: CeleryApi) -> None:
    paths = ["/metrics/queue", "/metrics"]
    few = [read_s(own, path) for path in paths]
    with redis.Redis.from_url(own.stack.redis_url, socket_timeout=30) as client:
        client.eval(ENDED, 0, MANY, NOT_YET)

    many = [read_s(own, path) for path in paths]

    assert own.http.get("/metrics/queue").json()["succeeded"] == MANY
    # With a read for each job it was 25 s; the machine may be busy with something else.
    assert all(after < 4 * before + 0.1 for before, after in zip(few, many, strict=True))


def test_forgetting_100_000_jobs_holds_redis_for_a_moment_each(own: CeleryApi) -> None:
    with redis.Redis.from_url(own.stack.redis_url, socket_timeout=30) as client:
        client.flushdb()
        client.eval(ENDED, 0, MANY, LONG_AGO)
        client.config_set("slowlog-log-slower-than", 50_000)
        client.config_resetstat()
        client.slowlog_reset()

        own.stack.start(CELERY, label="sweeping", without=("worker",))
        wait_until("all are forgotten", client.dbsize, lambda size: size == 0, timeout_s=90)

        batches = client.info("commandstats")["cmdstat_evalsha"]["calls"]
        slow = [each for each in client.slowlog_get() if each["command"].startswith(b"EVALSHA")]
    assert batches >= 2 * MANY / 100  # one to find a hundred, one to forget them
    assert len(slow) < batches / 100  # the machine may be busy with something else


def read_s(own: CeleryApi, path: str) -> float:
    """Return how long an answer takes, in seconds."""
    return statistics.median(own.http.get(path).elapsed.total_seconds() for _ in range(9))
