"""What an older release has queued is translated or refused; what is newer waits."""

import base64
import json
from typing import Any

import pytest
import redis

from tests.recipes.celery_api import CeleryApi

OLD = {"version": 1, "account": "DE02", "euros": 12.5}


def queue_as(celery_api: CeleryApi, facts: dict[str, Any]) -> dict[str, str]:  # Any: JSON
    """Queue a refund as another release of the API would have; return the answer."""
    answer = celery_api.http.post("/refunds", json={"account": "DE02", "cents": 1250})
    with redis.Redis.from_url(celery_api.stack.redis_url) as broker:
        message = json.loads(broker.lpop("default") or b"")
        args, _, embed = json.loads(base64.b64decode(message["body"]))
        body = json.dumps([args, facts, embed]).encode()
        message["body"] = base64.b64encode(body).decode()
        broker.lpush("default", json.dumps(message))
    found: dict[str, str] = answer.raise_for_status().json()
    return found


@pytest.mark.parametrize(
    ("facts", "status", "result"),
    [
        pytest.param(OLD, "succeeded", {"account": "DE02", "cents": 1250}, id="old"),
        pytest.param(OLD | {"version": 0}, "failed", None, id="too old"),
    ],
)
def test_message_of_an_older_release_is_translated_or_refused(
    celery_api: CeleryApi, facts: dict[str, Any], status: str, result: dict[str, Any] | None
) -> None:
    answer = queue_as(celery_api, facts)

    with celery_api.worker("usual"):
        [job] = celery_api.read(answer["jobs_url"])
        celery_api.wait_until_done(job["job_id"])

    [job] = celery_api.read(answer["jobs_url"])
    assert (job["status"], job["result"]) == (status, result)
    assert len(celery_api.log_of(job["job_id"], "started")) == 1
    assert len(celery_api.log_of(job["job_id"], "effect")) == (status == "succeeded")


def test_message_of_a_newer_release_is_tried_again_and_not_misread(celery_api: CeleryApi) -> None:
    newer = {"version": 3, "account": "DE02", "cents": 1250, "currency": "USD"}
    answer = queue_as(celery_api, newer)

    with celery_api.worker("usual"):
        [job] = celery_api.read(answer["jobs_url"])
        celery_api.wait_until_done(job["job_id"])

    [job] = celery_api.read(answer["jobs_url"])
    assert job["status"] == "failed"
    assert "this worker knows 2" in job["error"]
    assert len(celery_api.log_of(job["job_id"], "started")) == 4
    assert celery_api.log_of(job["job_id"], "effect") == []
