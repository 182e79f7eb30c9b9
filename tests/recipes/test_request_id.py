"""The request id and the trace of a client reach the log lines of the job, wherever it runs."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.running import Running
from tests.support.waiting import wait_until


def read_job(running: Running, answer: dict[str, str]) -> dict[str, Any]:  # Any: JSON
    """Wait for the only job of a recipe, and return it."""
    url = answer.get("jobs_url") or answer["status_url"]

    def look() -> dict[str, Any]:
        found = running.api.http.get(url).raise_for_status().json()
        job: dict[str, Any] = found[0] if isinstance(found, list) else found
        return job

    return wait_until("the job has ended", look, lambda job: job["status"] == "succeeded")


def test_job_knows_its_request_and_its_trace_and_so_does_its_log_line(running: Running) -> None:
    given, trace_id = f"shop-{uuid4().hex[:8]}", uuid4().hex
    headers = {"X-Request-ID": given, "traceparent": f"00-{trace_id}-{trace_id[:16]}-01"}

    answer = running.api.http.post("/notes", json={"text": "milk"}, headers=headers)

    job = read_job(running, answer.raise_for_status().json())
    assert answer.headers["X-Request-ID"] == given
    assert job["result"] == {"request_id": given, "trace_id": trace_id}
    part = running.stack.parts.get("worker", running.part)
    line = f"[request {given}] kept 'milk'"
    wait_until("the line is in the log", lambda: line in part.log_text())


def test_request_without_an_id_gets_one_and_keeps_it_to_itself(running: Running) -> None:
    answers = [running.api.http.post("/notes", json={"text": "tea"}) for _ in range(2)]

    jobs = [read_job(running, answer.raise_for_status().json()) for answer in answers]
    ids = [job["result"]["request_id"] for job in jobs]
    assert ids == [answer.headers["X-Request-ID"] for answer in answers]
    assert len(set(ids)) == 2


@pytest.mark.parametrize("given", ["a b", "x" * 65, "%s"])
def test_request_id_that_would_disturb_the_log_is_refused(running: Running, given: str) -> None:
    refused = running.api.http.post("/notes", json={"text": "x"}, headers={"X-Request-ID": given})

    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["header", "x-request-id"]
