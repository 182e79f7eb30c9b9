"""A worker that would break a promise does not start, and says why."""

from pathlib import Path

import pytest

from tests.recipes.celery_api import CeleryApi
from tests.support.programs import run_program

NOWHERE = {"REDIS_URL": "redis://127.0.0.1:9/0"}
STUB = """
import socket

def __getattr__(name):
    return lambda *args, **options: None
"""


def refused(tmp_path: Path, *args: str) -> str:
    """Run a worker that should end at once; return its last line.

    It finds modules in `tmp_path`.
    """
    env = NOWHERE | {"PYTHONPATH": str(tmp_path), "VISIBILITY_TIMEOUT_S": "500"}
    env["DATA_DIR"] = str(tmp_path / "data")
    words = ["celery", "-A", "03_celery.celery_app", "worker", *args]
    done = run_program(words, env)
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize("pool", ["threads", "solo", "gevent", "eventlet"])
def test_worker_without_processes_refuses_to_start(tmp_path: Path, pool: str) -> None:
    for library in ("gevent", "eventlet"):  # as if it were installed
        (tmp_path / library).mkdir()
        for name in ("__init__", "monkey", "signal", "debug"):
            (tmp_path / library / f"{name}.py").write_text(STUB)

    said = refused(tmp_path, "--pool", pool)

    assert said.startswith(f"this worker must run with --pool prefork, not {pool.rstrip('s')}: ")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("03_celery.drop --all", "not all were dropped, try again: "),
        ("celery -A 03_celery.schedule beat", "beat needs Redis for its lock, start it again: "),
    ],
)
def test_command_without_redis_ends_with_one_sentence(
    tmp_path: Path, command: str, sentence: str
) -> None:
    done = run_program(command.split(), NOWHERE | {"DATA_DIR": str(tmp_path)})

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert sentence in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("app.conf", "app.conf.visibility_timeout = 60"),
        (
            "broker_transport_options",
            "app.conf.broker_transport_options = {'visibility_timeout': 60}",
        ),
        (
            "result_backend_transport_options",
            "app.conf.result_backend_transport_options = {'visibility_timeout': 60}",
        ),
    ],
)
def test_visibility_timeout_that_is_set_in_one_more_place_is_refused(
    tmp_path: Path, place: str, code: str
) -> None:
    take_app = "import importlib\n\napp = importlib.import_module('03_celery.celery_app').app\n"
    (tmp_path / "own_settings.py").write_text(f"{take_app}{code}\n")

    said = refused(tmp_path, "--include", "own_settings")

    assert said.startswith(
        f"{place} sets visibility_timeout to 60, and VISIBILITY_TIMEOUT_S is 500: "
    )


def test_worker_for_a_queue_that_does_not_exist_refuses_to_start(tmp_path: Path) -> None:
    said = refused(tmp_path, "--queues", "low,celery")

    assert said == "there is no queue celery: a worker takes jobs from high, default, low"


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("BROKER_URL", "CELERY_BROKER_URL"),
        ("CELERY_BROKER_READ_URL", "CELERY_BROKER_URL"),
        ("CELERY_BROKER_WRITE_URL", "CELERY_BROKER_URL"),
        ("CELERY_RESULT_BACKEND", "REDIS_URL"),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        "uvicorn 03_celery.main:app --port 0",
        "celery -A 03_celery.celery_app worker",
        "celery -A 03_celery.schedule beat",
    ],
)
def test_setting_of_celery_that_would_take_the_place_of_ours_is_refused(
    tmp_path: Path, command: str, name: str, instead: str
) -> None:
    env = NOWHERE | {"DATA_DIR": str(tmp_path), name: "redis://127.0.0.1:9/1"}

    done = run_program(command.split(), env)

    assert done.returncode == 1, done
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stderr.splitlines()[-1] == f"cannot start: {name} must not be set, use {instead}"


def test_job_for_a_queue_that_does_not_exist_is_not_taken(celery_api: CeleryApi) -> None:
    words = "celery -A 03_celery.celery_app call 03_celery.schedule.clean_results --queue celery"
    env = {"REDIS_URL": celery_api.stack.redis_url, "DATA_DIR": str(celery_api.data_dir)}
    queued = celery_api.http.get("/metrics/queue").json()["queued"]

    done = run_program(words.split(), env)

    assert done.returncode == 1
    assert "Queue 'celery' missing from task_queues" in done.stdout + done.stderr
    assert celery_api.http.get("/metrics/queue").json()["queued"] == queued


def test_too_short_a_visibility_timeout_is_told(celery_api: CeleryApi) -> None:
    with celery_api.worker("short", env={"VISIBILITY_TIMEOUT_S": "3"}) as worker:
        assert "VISIBILITY_TIMEOUT_S=3 is not above JOB_TIMEOUT_S=300" in worker.log_text()
