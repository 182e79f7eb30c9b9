"""Celery in the endpoints of an API: publishing, waiting, and the state of a task."""

import time
from collections.abc import Iterator

import pytest
import redis
from celery import Celery

from tests.claims.conftest import Saw
from tests.claims.serving import Server, meanwhile, serve

from .broker import Broker

# Celery's result backend calls it.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")


@pytest.fixture(scope="module")
def api(valkey: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("api")
    with serve(folder, "publishing", env={"REDIS_URL": valkey.url}) as api:
        yield api


def publish_and_ping(api: Server, name: str) -> tuple[object, list[str], float]:
    """Publish, ask for /ping meanwhile; return the answer, the order, and the wait in seconds."""
    with meanwhile(api.post, f"/publish/{name}") as outcome:
        api.wait_for(f"{name} begins")
        begin = time.monotonic()
        api.get(f"/ping?word={name} ping", timeout_s=60)
        waited_s = time.monotonic() - begin
    order = api.order(f"{name} begins", f"{name} ping", f"{name} ends")
    return outcome[0], [each.split()[-1] for each in order], waited_s


def test_c38_delay_freezes_the_loop_while_the_broker_refuses(api: Server, saw: Saw) -> None:
    begin = time.monotonic()
    assert api.post("/publish/up").json() == "queued"
    up_ms = 1000 * (time.monotonic() - begin)

    answer, order, waited_s = publish_and_ping(api, "refused")

    assert getattr(answer, "text", None) == '"OperationalError"'
    assert order == ["begins", "ends", "ping"]
    saw(
        f"Broker up: a POST that queues took {up_ms:.0f} ms. Broker down, no result backend:"
        f" OperationalError, and /ping waited {waited_s:.1f} s for it."
    )


@pytest.mark.slow
def test_c38_delay_with_a_result_backend_freezes_for_much_longer(api: Server, saw: Saw) -> None:
    api.http.timeout = 60

    answer, order, waited_s = publish_and_ping(api, "refused-with-results")

    assert getattr(answer, "text", None) == '"RuntimeError"'
    assert order == ["begins", "ends", "ping"]
    assert waited_s > 10, "Celery gives up sooner now: see result_backend_transport_options"
    saw(f"Broker down, Redis as result backend: RuntimeError, and /ping waited {waited_s:.1f} s.")


def test_c56_get_in_an_async_endpoint_blocks_the_loop(
    api: Server, broker: Broker, saw: Saw
) -> None:
    orders = []
    with broker.worker() as worker:
        for path, gate in (("/get-in-async", "c56a"), ("/get-in-def", "c56d")):
            with meanwhile(api.post, f"{path}?gate={gate}") as outcome:
                api.wait_for(f"{gate} begins")
                api.get(f"/ping?word={gate} ping")
                worker.open(gate)
            assert getattr(outcome[0], "status_code", None) == 200, outcome
            order = api.order(f"{gate} begins", f"{gate} ping", f"{gate} ends")
            orders.append([each.split()[-1] for each in order])

    assert orders == [["begins", "ends", "ping"], ["begins", "ping", "ends"]]
    saw("In an async endpoint /ping was answered only after .get(); in a def one before it.")


def test_c40_async_result_fails_in_a_def_endpoint(api: Server, saw: Saw) -> None:
    statuses = {path: api.get(f"/{path}/some-id").status_code for path in PATHS}

    assert statuses == {"async": 200, "def": 500, "def-with-app": 200}
    assert "'DisabledBackend' object has no attribute" in api.part.log_text()
    saw("AsyncResult(id): 200 in async def, 500 in def (DisabledBackend); with app= 200 in def.")


PATHS = ("async", "def", "def-with-app")


def test_c50_pending_means_unknown_and_forgotten_too(broker: Broker, saw: Saw) -> None:
    backend = broker.celery.backend
    backend.store_result("done", "its result", "SUCCESS")
    result = broker.celery.AsyncResult("done")
    states = [broker.celery.AsyncResult("never-queued").state, result.state]

    broker.redis.pexpire("celery-task-meta-done", 1)
    broker.redis.flushall()
    states.append(broker.celery.AsyncResult("done").state)

    assert states == ["PENDING", "SUCCESS", "PENDING"]
    with pytest.raises(redis.exceptions.ConnectionError):
        assert_backend_down()
    saw("An unknown id and a result that is gone: PENDING. Backend down: .state raises.")


def assert_backend_down() -> str:
    """Ask a result backend that is not there."""
    down = Celery(backend="redis://127.0.0.1:1/0", set_as_current=False)
    return str(down.AsyncResult("some-id").state)


def test_c51_error_of_a_failed_task_is_an_empty_object(
    api: Server, broker: Broker, saw: Saw
) -> None:
    broker.celery.backend.store_result("failed", OSError("disk full"), "FAILURE")

    answer = api.get("/result/failed")
    typed = api.get("/typed-result/failed")

    assert answer.json() == {"status": "FAILURE", "result": {}}
    assert typed.status_code == 500
    saw(
        f"A task that failed with OSError('disk full'): {answer.status_code} `{answer.text}`;"
        f" a {typed.status_code} if the route names dict[str, Any] as its response."
    )
