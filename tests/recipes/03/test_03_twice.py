"""A job that is delivered twice at once has one effect."""

from tests.recipes.celery_api import CeleryApi
from tests.support.waiting import wait_until


def test_payment_that_two_deliveries_work_on_is_made_once(celery_api: CeleryApi) -> None:
    too_short = {"VISIBILITY_TIMEOUT_S": "1"}  # shorter than the job: it is delivered again
    headers, body = {"Idempotency-Key": "twice"}, {"account": "DE02", "cents": 500}
    with (
        celery_api.worker("first", env=too_short),
        celery_api.worker("second", env=too_short),
    ):
        with celery_api.services.holding("/03/payments"):
            answer = celery_api.http.post("/payments", json=body, headers=headers)
            [job] = celery_api.read(answer.json()["jobs_url"])
            held_back = wait_until(
                "the second delivery found the first one at work",
                lambda: celery_api.log_of(job["job_id"], "held_back"),
            )

        job = celery_api.job(answer)

    keys = [each.headers["idempotency-key"] for each in celery_api.services.on("/03/payments")]
    assert keys.count(job["job_id"]) == 1
    assert held_back[0]["pid"] != celery_api.log_of(job["job_id"], "started")[0]["pid"]
    assert job["result"]["cents"] == 500
