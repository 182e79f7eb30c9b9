"""More workers: in other folders, a pool that grows, urgent jobs first, and another broker."""

import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import redis

from lab.approaches import ROOT
from tests.recipes.celery_api import CELERY, CeleryApi, need_rabbitmq, open_celery_api
from tests.support.png import flat_png
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until

FILES = [("pictures", ("a.png", flat_png(64, 48), "image/png"))] * 3


def test_two_workers_in_two_folders_share_the_load(celery_api: CeleryApi, tmp_path: Path) -> None:
    shutil.copytree(ROOT / CELERY, tmp_path / CELERY)
    emails = [f"shared-{n}@example.com" for n in range(10)]

    with celery_api.worker("here") as first, celery_api.worker("there", cwd=tmp_path) as second:
        with celery_api.inbox.holding():
            task_ids = [celery_api.post_email(to) for to in emails]
            at_once = wait_until(
                "each worker has one job",
                lambda: [t for t in map(celery_api.api.read_task, task_ids) if t.ran_in],
                lambda running: len(running) == 2,
            )
        celery_api.wait_until_done(*task_ids)

        assert psutil.Process(second.pid).cwd() == str(tmp_path)
        ended = map(celery_api.api.read_task, task_ids)
        pids = {task.ran_in.pid for task in ended if task.ran_in}
        assert pids == {*first.children(), *second.children()}
        assert pids == {task.ran_in.pid for task in at_once if task.ran_in}
    assert [len(celery_api.inbox.sent_to(to)) for to in emails] == [1] * 10


def test_pool_grows_with_the_load_and_shrinks_again(celery_api: CeleryApi) -> None:
    args, env = ["--autoscale", "3,1"], {"AUTOSCALE_KEEPALIVE": "1"}
    with celery_api.worker("elastic", args=args, env=env) as worker:
        assert len(worker.children()) == 1

        with celery_api.inbox.holding():
            task_ids = [celery_api.post_email() for _ in range(4)]
            wait_until("three jobs run", lambda: len(worker.children()) == 3)
        celery_api.wait_until_done(*task_ids)

        wait_until("one process is left", lambda: len(worker.children()) == 1)


def notify(celery_api: CeleryApi, user_id: str, path: str) -> str:
    """Post a notification and return the id of its job."""
    answer = celery_api.notify(user_id, path)
    assert answer.status_code == 202, answer.text
    return str(celery_api.read(answer.json()["jobs_url"])[0]["job_id"])


def test_one_worker_empties_the_queues_in_their_order(celery_api: CeleryApi) -> None:
    low = [notify(celery_api, f"low-{n}", "/notifications") for n in range(3)]
    default = [celery_api.post_email(f"default-{n}@example.com") for n in range(3)]
    high = [notify(celery_api, f"high-{n}", "/notifications/critical") for n in range(3)]

    with celery_api.worker("one"):
        celery_api.wait_until_done(*low, *default, *high)

    posted = {*low, *default, *high}
    assert [each for each in celery_api.order_of_starts() if each in posted] == [
        *high,
        *default,
        *low,
    ]


def test_worker_of_its_own_does_not_wait_for_the_others(celery_api: CeleryApi) -> None:
    with celery_api.inbox.holding(), celery_api.worker("others", args=["--queues", "default,low"]):
        running, waiting = celery_api.post_email(), celery_api.post_email()
        low = notify(celery_api, "low", "/notifications")
        celery_api.wait_for(running, "running")

        with celery_api.worker("high", args=["--queues", "high"]):
            high = notify(celery_api, "high", "/notifications/critical")
            celery_api.wait_until_done(high)

        assert celery_api.api.read_task(running).status == "running"
        assert celery_api.api.read_task(waiting).status == "queued"
        assert celery_api.log_of(low, "started") == []

    with celery_api.worker("rest"):
        celery_api.wait_until_done(waiting, low)


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory: pytest.TempPathFactory, services: Receiver) -> Iterator[CeleryApi]:
    need_rabbitmq()
    with open_celery_api(
        tmp_path_factory.mktemp("rabbit"), services, worker=True, rabbitmq=True
    ) as celery_api:
        yield celery_api


def test_rabbitmq_needs_its_address_only(rabbit: CeleryApi) -> None:
    task_id = rabbit.post_email("rabbit@example.com")
    rabbit.wait_for(task_id, "succeeded")

    assert rabbit.inbox.task_ids_sent_to("rabbit@example.com") == [task_id]
    assert "amqp://" in rabbit.stack.parts["worker"].log_text()
    assert rabbit.depth("default") == 0


def test_workflows_run_on_rabbitmq(rabbit: CeleryApi) -> None:
    rabbit.services.fail("/03/push", 503, times=1)

    thumbnails = rabbit.jobs(rabbit.http.post("/thumbnails", data={"width": "24"}, files=FILES))
    pushed = rabbit.job(rabbit.notify("rabbit", "/notifications/critical"))

    assert thumbnails[-1]["result"]["made"] == 3
    assert pushed["status"] == "succeeded"
    assert len(rabbit.log_of(pushed["job_id"], "started")) == 2


def test_each_message_reaches_one_queue_of_rabbitmq(rabbit: CeleryApi) -> None:
    rabbit.stack.stop("worker")
    answers = [rabbit.notify("a"), rabbit.notify("b", "/notifications/critical")]
    task_id = rabbit.post_email()

    depths = {queue: rabbit.depth(queue) for queue in ("high", "default", "low")}
    rabbit.stack.parts["worker"].restart()

    assert depths == {"high": 1, "default": 1, "low": 1}
    rabbit.wait_for(task_id, "succeeded")
    assert all(rabbit.job(answer)["status"] == "succeeded" for answer in answers)


def test_killed_worker_gives_its_job_back_at_once_on_rabbitmq(rabbit: CeleryApi) -> None:
    worker = rabbit.stack.parts["worker"]
    with rabbit.inbox.holding():
        task_id = rabbit.post_email()
        rabbit.wait_for(task_id, "running")

        worker.kill9(group=True)
        worker.restart()
        wait_until("it runs again", lambda: rabbit.api.read_task(task_id).attempts == 2)

    assert rabbit.wait_for(task_id, "succeeded").attempts == 2


def test_workflow_of_an_api_that_dies_before_it_is_published_is_run(rabbit: CeleryApi) -> None:
    rabbit.stack.stop("worker")
    env = {"DATA_DIR": str(rabbit.data_dir)}
    dying = rabbit.stack.start(CELERY, label="dying", env=env, without=("worker",))
    with redis.Redis.from_url(rabbit.stack.redis_url, decode_responses=True) as client:
        client.flushdb()
        broker = rabbit.stack.parts["rabbitmq"]
        broker.send(signal.SIGSTOP, group=True)
        request = threading.Thread(target=ask_in_vain, args=(dying.url,))
        request.start()
        wait_until("it is accepted", lambda: client.zcard("tasks:open") == 3)
        dying.kill9()
        request.join()
        broker.send(signal.SIGCONT, group=True)
        [jobs_id] = [name.removeprefix("jobs:") for name in client.scan_iter("jobs:*")]

    with rabbit.worker("usual"):
        jobs = wait_until(
            "all have ended",
            lambda: rabbit.read(f"/jobs/{jobs_id}"),
            lambda jobs: not {"queued", "running"} & {job["status"] for job in jobs},
        )

    assert [job["status"] for job in jobs] == ["succeeded"] * 4
    assert jobs[-1]["result"]["made"] == 3


def ask_in_vain(url: str) -> None:
    with pytest.raises(httpx.HTTPError):
        httpx.post(f"{url}/thumbnails", data={"width": "24"}, files=FILES, timeout=5)
