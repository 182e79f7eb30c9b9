"""Files live as long as their task: age takes none away, and a kill leaves none behind."""

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lab.load.samples import make_orders
from lab.processes.part import Part
from scenarios import ledger
from tests.support.client import Api, accepted_id
from tests.support.running import Running
from tests.support.waiting import wait_until

SHORT = {"RESULT_TTL_S": "1"}  # the sweeper comes as often


def set_back_all_ages(folder: Path) -> None:
    yesterday = time.time() - 86_400
    for path in folder.iterdir():
        os.utime(path, (yesterday, yesterday))


def test_upload_outlives_any_age_and_a_restart_where_its_task_does(running: Running) -> None:
    """With the queue full of e-mails that nobody answers, a report waits with its file."""
    with short_lived(running) as part:
        expect_upload_lives_as_long_as_its_task(running, part)


@contextmanager
def short_lived(running: Running) -> Iterator[Part]:
    """Start an API that soon forgets; not longer than this test, since it sweeps for all of 03."""
    name = running.approach.name
    part = running.stack.start(name, label=f"{name}-lifetimes", env=SHORT)
    try:
        yield part
    finally:
        part.kill9(group=True)


def expect_upload_lives_as_long_as_its_task(running: Running, part: Part) -> None:
    uploads = Path(part.env["DATA_DIR"]) / "uploads"
    with closing(Api(part.url)) as api, running.inbox.holding():
        task_ids = [accepted_id(api.post_email()) for _ in range(4)]
        report = accepted_id(api.post_report(make_orders(5).csv))
        task_ids.append(report)
        set_back_all_ages(uploads)
        time.sleep(2.5)  # two looks of the sweeper
        events = [
            each["event"] for each in ledger.read(uploads.parent) if each["task_id"] == report
        ]
        assert "finished" in events or (uploads / report).exists(), events

        part.kill9()
        part.restart()
        wait_until("the app answers", api.answers)
        answer = api.http.get(f"/tasks/{report}")
        if answer.status_code == 404:  # lost, as promised: with its file
            wait_until("no upload is left", lambda: not list(uploads.iterdir()))

    with closing(Api(part.url)) as api:
        if answer.status_code == 200 and answer.json()["status"] == "queued":
            wait_until(
                "the report has ended or is forgotten",
                lambda: api.http.get(f"/tasks/{report}"),
                lambda found: found.status_code == 404 or found.json()["status"] == "succeeded",
            )
        wait_until("no upload is left", lambda: not list(uploads.iterdir()), timeout_s=40)
