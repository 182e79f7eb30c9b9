"""A test that sleeps, is red on a busy day, and green for a shop that is wrong."""

import time

from fastapi.testclient import TestClient

from workshop.e27_test_that_sleeps.shop import app, outbox


def test_new_user_is_welcomed() -> None:
    client = TestClient(app)

    answer = client.post("/users/ann")

    assert answer.status_code < 300
    time.sleep(1)  # the job runs in a thread; this is enough on my machine
    assert outbox
