"""Urgent jobs go first: with a worker of their own, or in the order of the queues."""

from tests.recipes.celery_api import CeleryApi


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
    with celery_api.mail_held(), celery_api.worker("others", args=["--queues", "default,low"]):
        running, waiting = celery_api.post_email(), celery_api.post_email()
        low = notify(celery_api, "low", "/notifications")
        celery_api.wait_for(running, "running")

        with celery_api.worker("high", args=["--queues", "high"]):
            high = notify(celery_api, "high", "/notifications/critical")
            celery_api.wait_until_done(high)

        assert celery_api.task(running)["status"] == "running"
        assert celery_api.task(waiting)["status"] == "queued"
        assert celery_api.log_of(low, "started") == []

    with celery_api.worker("rest"):
        celery_api.wait_until_done(waiting, low)
