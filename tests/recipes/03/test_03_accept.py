"""A request changes Redis in one step: an API that dies before it leaves nothing, after it all."""

import json
import threading
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import redis
from celery import Celery

from tests.recipes.celery_api import CeleryApi
from tests.support.png import flat_png

EMAIL = {"to": "one@example.com", "subject": "Ä", "body": "It is on its way.\n"}
WRITES = {"HSET", "LPUSH", "RPUSH", "ZADD", "EVALSHA"}
Post = Callable[[httpx.Client], httpx.Response]


def post_email(http: httpx.Client) -> httpx.Response:
    return http.post("/emails", json=EMAIL, headers={"Idempotency-Key": "one-step"})


def post_group(http: httpx.Client) -> httpx.Response:
    return http.post("/notifications", json={"user_id": "a", "message": "Hello"})


def post_chord(http: httpx.Client) -> httpx.Response:
    files = [("pictures", (f"{n}.png", flat_png(64, 48), "image/png")) for n in range(3)]
    return http.post("/thumbnails", data={"width": "24"}, files=files)


@pytest.mark.parametrize(("post", "messages"), [(post_email, 1), (post_group, 2), (post_chord, 3)])
def test_request_is_accepted_in_one_step(celery_api: CeleryApi, post: Post, messages: int) -> None:
    seen: list[str] = []
    with redis.Redis.from_url(celery_api.stack.redis_url) as client, client.monitor() as monitor:
        post(celery_api.http).raise_for_status()  # the first one learns the time of Redis
        client.delete("key:one-step")

        def listen() -> None:
            for command in monitor.listen():
                seen.append(f"{command['client_type']} {command['command']}")
                if "ends here" in command["command"]:
                    return

        thread = threading.Thread(target=listen)
        thread.start()
        client.echo("begins here")
        assert post(celery_api.http).status_code == 202
        client.echo("ends here")
        thread.join()

    words = [line.split() for line in seen[seen_index(seen, "begins here") :]]
    outside = [line[1] for line in words if line[0] != "lua" and line[1] in WRITES]
    inside = [line[1] for line in words if line[0] == "lua"]
    assert outside == ["EVALSHA"]
    assert inside.count("LPUSH") == messages
    celery_api.take_from("default" if post is post_email else "low")


def seen_index(seen: list[str], text: str) -> int:
    return next(number for number, line in enumerate(seen) if text in line)


def test_message_is_what_kombu_puts_there(celery_api: CeleryApi) -> None:
    plain = Celery("plain", broker=celery_api.stack.redis_url)
    plain.task(name="email", typing=False)(post_email).apply_async(kwargs=EMAIL, queue="plain")
    task_id = celery_api.post_email()
    with redis.Redis.from_url(celery_api.stack.redis_url) as client:
        [theirs] = client.lrange("plain", 0, -1)
        [ours] = [each for each in client.lrange("default", 0, -1) if task_id.encode() in each]
        client.delete("plain")
    celery_api.take_from("default")

    assert shape(json.loads(ours)) == shape(json.loads(theirs))
    assert shape(json.loads(b64decode(json.loads(ours)["body"]))[2]) == shape(
        json.loads(b64decode(json.loads(theirs)["body"]))[2]
    )


def shape(value: Any) -> Any:
    """Return the names and kinds of values, and the values that must be the same."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()} | {
            name: each for name, each in value.items() if "content" in name or "encoding" in name
        }
    return type(value).__name__
