"""Start each app once for all tests of its recipes."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import httpx
import pytest

from tests.support.receiver import Receiver, receive

from .fleet import Fleet, open_fleet
from .kitchen import Kitchen, cook
from .waiting_line import is_durable


@pytest.fixture(scope="package")
def services() -> Iterator[Receiver]:
    with receive() as receiver:
        yield receiver


@pytest.fixture(scope="package")
def background(tmp_path_factory: pytest.TempPathFactory, services: Receiver) -> Iterator[Kitchen]:
    with cook(tmp_path_factory.mktemp("01"), "01_background_tasks", services) as kitchen:
        yield kitchen


@pytest.fixture(scope="package")
def tasks(tmp_path_factory: pytest.TempPathFactory, services: Receiver) -> Iterator[Kitchen]:
    env = {"REFRESH_EVERY_S": "0.1"}
    with cook(tmp_path_factory.mktemp("02"), "02_asyncio_create_task", services, env) as kitchen:
        yield kitchen


@pytest.fixture(scope="package")
def celery(tmp_path_factory: pytest.TempPathFactory, services: Receiver) -> Iterator[Fleet]:
    with open_fleet(tmp_path_factory.mktemp("03"), services, worker=True) as fleet:
        yield fleet


@pytest.fixture(scope="package")
def fleet(tmp_path_factory: pytest.TempPathFactory, services: Receiver) -> Iterator[Fleet]:
    """Start the API of 03_celery without workers: each test starts its own."""
    with open_fleet(tmp_path_factory.mktemp("03-fleet"), services, worker=False) as fleet:
        yield fleet


@pytest.fixture(scope="package", params=["04_custom_queue", "04_custom_queue+sqlite"])
def queue(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    services: Receiver,
) -> Iterator[Kitchen]:
    """Start the app of 04_custom_queue: with its queue in memory, and with QUEUE_DB."""
    with cook(tmp_path_factory.mktemp("04"), request.param, services) as kitchen:
        yield kitchen


@pytest.fixture(scope="package")
def short_queue(queue: Kitchen) -> Iterator[Kitchen]:
    """Start one more, with one worker, room for four waiting jobs, and long back-offs."""
    name = "04_custom_queue+sqlite" if is_durable(queue) else "04_custom_queue"
    env = {"QUEUE_WORKERS": "1", "QUEUE_SIZE": "4", "RETRY_BASE_S": "60"}
    part = queue.stack.start(name, label=f"{name}-short", env=env)
    with closing(httpx.Client(base_url=part.url, timeout=20)) as http:
        yield replace(queue, part=part, http=http)
