"""E14: without a broker a quick 503 and an API that lives; with one again a 202."""

import json
from collections.abc import Sequence
from concurrent.futures import Future

from redis import Redis

from workshop.app_under_check import Answer, App
from workshop.chance import some_count, some_names
from workshop.kit import Kit
from workshop.verdict import Missed, expect

ANSWER_S = 4.0
PING_S = 1.0
QUIET_S = 5.0  # a publish that goes on in a thread would have come by then


def check(kit: Kit) -> None:
    broker = kit.claim_valkey("broker")
    both_down = {"REDIS_URL": broker.url}
    kit.start_valkey(name="backend")
    broker_down = {"BROKER_URL": broker.url}
    apps = kit.start_several({"both down": both_down, "broker down": broker_down})

    for app in apps:
        check_down(app)
    valkey = kit.start_valkey(broker, "broker")
    with Redis.from_url(broker.url) as redis:
        apps[0].wait_quiet(QUIET_S)
        late = len(list_queued(redis))
        expect(late == 0, "a refused report not to be queued when the broker is back", late)
        for number, (app, month) in enumerate(zip(apps, some_names(len(apps)), strict=True), 1):
            task_id = post_until_taken(app, month).get("task_id")
            queued = list_queued(redis)
            expect(len(queued) == number, f"{number} accepted reports queued", len(queued))
            expect(task_id in queued, "the task_id of the report that is queued", repr(task_id))
    valkey.kill9()
    for app in apps:
        check_down(app)  # as before, though this app has met the broker


def list_queued(redis: Redis) -> list[str]:
    """Return the ids of the tasks that wait in the broker."""
    messages = redis.lrange("celery", 0, -1)
    return [json.loads(message)["headers"]["id"] for message in messages]


def post_until_taken(app: App, month: str) -> Answer:
    """Post again after a 503: a connection of before may still have to be noticed as broken."""
    path = f"/reports/{month}"
    if (answer := app.post(path)).status == 503:
        answer = app.post(path)
    expect(answer.status == 202, "202 once the broker is back", app.describe(answer))
    return answer


def check_down(app: App) -> None:
    app.get("/ping", status=200)
    months = some_names(some_count(5, 7))
    posts = [app.later("POST", f"/reports/{month}", timeout_s=ANSWER_S) for month in months]
    pings = [app.later("GET", "/ping", timeout_s=ANSWER_S) for _ in range(10)]
    expected = f"an answer to GET /ping in under {PING_S:g} s while the broker is down"
    try:
        slowest = max(ping.result().seconds for ping in pings)
    except Missed:
        raise Missed(expected, f"none in {ANSWER_S:g} s") from None
    expect(slowest < PING_S, expected, f"{slowest:.1f} s")
    expect_refusals(app, posts)


def expect_refusals(app: App, posts: Sequence[Future[Answer]]) -> None:
    for post in posts:
        try:
            answer = post.result()
        except Missed:
            expected = f"503 within {ANSWER_S:g} s while the broker is down"
            raise Missed(expected, "no answer") from None
        expect(answer.status == 503, "503 while the broker is down", app.describe(answer))
