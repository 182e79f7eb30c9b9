"""How background work is tested, one way for each place in which it may run.

The page about testing shows these tests. They stand alone, so that they can be copied.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from celery import Celery
from celery.contrib.testing.worker import start_worker
from celery.signals import setup_logging
from fastapi import FastAPI
from fastapi.testclient import TestClient


def make_app(sent: list[str]) -> FastAPI:
    """Make an app with a queue and one worker, which `lifespan` begins and ends."""
    queue: asyncio.Queue[str] = asyncio.Queue()

    async def work() -> None:
        while True:
            to = await queue.get()
            await asyncio.sleep(0.05)
            sent.append(to)
            queue.task_done()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        worker = asyncio.create_task(work())
        yield
        await asyncio.wait_for(queue.join(), 5)
        worker.cancel()

    app = FastAPI(lifespan=lifespan)

    @app.post("/emails", status_code=202)
    async def create_email(to: str) -> None:
        queue.put_nowait(to)

    return app


# --8<-- [start:lifespan]
def test_email_is_sent_before_the_app_has_ended() -> None:
    sent: list[str] = []

    with TestClient(make_app(sent)) as client:  # `with` begins and ends `lifespan`
        answer = client.post("/emails", params={"to": "ann@example.com"})

    assert answer.status_code == 202
    assert sent == ["ann@example.com"]


# --8<-- [end:lifespan]
# --8<-- [start:transport]
async def post_while_the_app_lives(app: FastAPI) -> int:
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://app") as client,
    ):
        answer = await client.post("/emails", params={"to": "ann@example.com"})
        return answer.status_code


# --8<-- [end:transport]
def test_transport_needs_a_lifespan_that_is_entered() -> None:
    sent: list[str] = []

    assert asyncio.run(post_while_the_app_lives(make_app(sent))) == 202
    assert sent == ["ann@example.com"]


# --8<-- [start:worker]
# Without a receiver `start_worker` leaves the root logger at ERROR, for all tests after this one.
setup_logging.connect(lambda **_: None, weak=False)


def test_job_is_sent_as_a_message_and_tried_again() -> None:
    celery = Celery(broker="memory://", backend="cache+memory://")
    attempts: list[str] = []

    @celery.task(autoretry_for=(OSError,), retry_backoff=False, default_retry_delay=0)
    def send_email(to: str) -> str:
        attempts.append(to)
        if len(attempts) == 1:
            raise OSError("not now")
        return to

    with start_worker(celery, perform_ping_check=False):
        result = send_email.delay("ann@example.com").get(timeout=10)

    assert result == "ann@example.com"
    assert attempts == ["ann@example.com"] * 2


# --8<-- [end:worker]
