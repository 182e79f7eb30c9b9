"""Urgent jobs go first: with a worker of their own, or in the order of the queues."""

from tests.recipes.fleet import Fleet


def notify(fleet: Fleet, user_id: str, path: str) -> str:
    """Post a notification and return the id of its job."""
    answer = fleet.notify(user_id, path)
    assert answer.status_code == 202, answer.text
    return str(fleet.read(answer.json()["jobs_url"])[0]["job_id"])


def test_one_worker_empties_the_queues_in_their_order(fleet: Fleet) -> None:
    low = [notify(fleet, f"low-{n}", "/notifications") for n in range(3)]
    default = [fleet.post_email(f"default-{n}@example.com") for n in range(3)]
    high = [notify(fleet, f"high-{n}", "/notifications/critical") for n in range(3)]

    with fleet.worker("one"):
        fleet.wait_until_done(*low, *default, *high)

    posted = {*low, *default, *high}
    assert [each for each in fleet.order_of_starts() if each in posted] == [*high, *default, *low]


def test_worker_of_its_own_does_not_wait_for_the_others(fleet: Fleet) -> None:
    with fleet.mail_held(), fleet.worker("others", args=["--queues", "default,low"]):
        running, waiting = fleet.post_email(), fleet.post_email()
        low = notify(fleet, "low", "/notifications")
        fleet.wait_for(running, "running")

        with fleet.worker("high", args=["--queues", "high"]):
            high = notify(fleet, "high", "/notifications/critical")
            fleet.wait_until_done(high)

        assert fleet.task(running)["status"] == "running"
        assert fleet.task(waiting)["status"] == "queued"
        assert fleet.log_of(low, "started") == []

    with fleet.worker("rest"):
        fleet.wait_until_done(waiting, low)
