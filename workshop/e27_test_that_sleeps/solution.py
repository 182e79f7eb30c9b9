"""A test that waits for a state, with a deadline, and then looks at the effect."""

import time

from fastapi.testclient import TestClient

from workshop.e27_test_that_sleeps.shop import app, outbox

DEADLINE_S = 8


def wait_for_end(client: TestClient, place: str) -> str:
    """Ask until the job has ended; fail with the last state that was seen."""
    until = time.monotonic() + DEADLINE_S
    while (status := client.get(place).json()["status"]) == "queued":
        assert time.monotonic() < until, f"still {status!r} after {DEADLINE_S} s"
        time.sleep(0.02)
    return str(status)


def test_new_user_is_welcomed() -> None:
    client = TestClient(app)

    answer = client.post("/users/ann")
    early = list(outbox)

    assert answer.status_code == 202
    assert early == [], "the e-mail came before the answer"
    assert wait_for_end(client, answer.json()["status_url"]) == "welcomed"
    assert outbox == ["ann@example.com"]
