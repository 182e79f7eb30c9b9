"""Start each app once for all tests of its recipes."""

from collections.abc import Iterator

import pytest

from tests.support.receiver import Receiver, receive

from .celery_api import CeleryApi, open_celery_api
from .recipe_app import RecipeApp, run_recipe_app


@pytest.fixture(scope="package")
def services() -> Iterator[Receiver]:
    with receive() as receiver:
        yield receiver


@pytest.fixture(scope="package")
def background(tmp_path_factory: pytest.TempPathFactory, services: Receiver) -> Iterator[RecipeApp]:
    with run_recipe_app(tmp_path_factory.mktemp("01"), "01_background_tasks", services) as app:
        yield app


@pytest.fixture(scope="package")
def tasks(tmp_path_factory: pytest.TempPathFactory, services: Receiver) -> Iterator[RecipeApp]:
    env = {"REFRESH_EVERY_S": "0.1"}
    with run_recipe_app(
        tmp_path_factory.mktemp("02"), "02_asyncio_create_task", services, env
    ) as app:
        yield app


@pytest.fixture(scope="package")
def celery(tmp_path_factory: pytest.TempPathFactory, services: Receiver) -> Iterator[CeleryApi]:
    with open_celery_api(tmp_path_factory.mktemp("03"), services, worker=True) as celery_api:
        yield celery_api


@pytest.fixture(scope="package")
def celery_api(tmp_path_factory: pytest.TempPathFactory, services: Receiver) -> Iterator[CeleryApi]:
    """Start the API of 03_celery without workers: each test starts its own."""
    with open_celery_api(
        tmp_path_factory.mktemp("03-without-workers"), services, worker=False
    ) as celery_api:
        yield celery_api


@pytest.fixture(scope="package", params=["04_custom_queue", "04_custom_queue+sqlite"])
def queue(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    services: Receiver,
) -> Iterator[RecipeApp]:
    """Start the app of 04_custom_queue: with its queue in memory, and with QUEUE_DB."""
    with run_recipe_app(tmp_path_factory.mktemp("04"), request.param, services) as app:
        yield app


@pytest.fixture(scope="package")
def short_queue(queue: RecipeApp) -> Iterator[RecipeApp]:
    """Start one more, with one worker, room for four waiting jobs, and long back-offs."""
    env = {"QUEUE_WORKERS": "1", "QUEUE_SIZE": "4", "RETRY_BASE_S": "60"}
    with queue.another("short", env) as short:
        yield short
