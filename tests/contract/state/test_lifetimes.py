"""Files live as long as their task: age takes none away, and a kill leaves none behind."""

import time

from lab.load.samples import encode, make_orders, make_photo
from tests.support.ages import set_back_all_ages
from tests.support.client import accepted_id
from tests.support.running import WEBHOOKS, Running
from tests.support.waiting import wait_until

PHOTO = encode(make_photo((64, 48)), "PNG")
# The sweeper comes as often as results end; a webhook that nobody answers keeps a job running.
SHORT = {"RESULT_TTL_S": "1", "CALL_TIMEOUT_S": "30"}


def test_upload_outlives_any_age_and_a_restart_where_its_task_does(running: Running) -> None:
    """With the queue full of e-mails that nobody answers, two files wait, or are worked on."""
    # Not longer than this test: in 03 it sweeps for all of them.
    with running.another("lifetimes", SHORT) as short:
        expect_upload_lives_as_long_as_its_task(short)


def expect_upload_lives_as_long_as_its_task(short: Running) -> None:
    api, uploads = short.api, short.data_dir / "uploads"
    with short.inbox.holding(), short.webhooks.holding(WEBHOOKS):
        for _ in range(4):
            accepted_id(api.post_email())
        report = accepted_id(api.post_report(make_orders(5).csv))
        image = accepted_id(api.post_image(PHOTO))
        set_back_all_ages(uploads)
        time.sleep(2.5)  # two looks of the sweeper
        for task_id in (report, image):
            events = [each["event"] for each in short.events(task_id)]
            assert "finished" in events or (uploads / task_id).exists(), events

        short.part.kill9()
        short.part.restart()
        wait_until("the app answers", api.answers)
        answer = api.http.get(f"/tasks/{report}")
        if answer.status_code == 404:  # lost, as promised: with its file
            wait_until("no upload is left", lambda: not list(uploads.iterdir()))

    if answer.status_code == 200 and answer.json()["status"] == "queued":
        wait_until(
            "the report has ended or is forgotten",
            lambda: api.http.get(f"/tasks/{report}"),
            lambda found: found.status_code == 404 or found.json()["status"] == "succeeded",
        )
    wait_until("no upload is left", lambda: not list(uploads.iterdir()), timeout_s=40)
