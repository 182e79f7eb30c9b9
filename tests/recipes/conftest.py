"""Start each app once for all tests of its recipes."""

from collections.abc import Iterator

import pytest

from tests.receiver import Receiver, receive

from .fleet import Fleet, open_fleet
from .kitchen import Kitchen, cook


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
