"""Jobs that failed for good: listed with their reason, and put back once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.recipes.recipe_app import RecipeApp
from tests.recipes.waiting_line import (
    HOURS,
    blocked,
    compute,
    email,
    is_durable,
    kill_and_restart,
    running,
    starts,
)
from tests.support.client import accepted_id
from tests.support.png import broken_pixels
from tests.support.waiting import wait_until


def test_failed_job_is_listed_with_its_reason_the_last_one_first(queue: RecipeApp) -> None:
    first, second = (queue.fail_an_email(f"ann-{n}@dead.example.com") for n in range(2))
    queue.job(email(queue, "well@dead.example.com"))

    found = queue.dead_letters()

    assert list(found)[:2] == [second, first]
    assert "550" in found[first]["error"]
    assert {letter["status"] for letter in found.values()} == {"failed"}
    assert len(queue.http.get("/dead-letters", params={"limit": 1}).json()) == 1


def test_job_that_is_put_back_runs_again_with_what_it_was_given(queue: RecipeApp) -> None:
    task_id = queue.fail_an_email("bob@dead.example.com")

    job = queue.job(queue.http.post(f"/dead-letters/{task_id}/retry"))

    assert (job["task_id"], job["status"], job["attempts"]) == (task_id, "succeeded", 1)
    assert job["error"] is None
    assert [mail.subject for mail in queue.inbox.sent_to("bob@dead.example.com")] == ["Your order"]
    assert task_id not in queue.dead_letters()


def test_of_many_requests_at_once_one_puts_the_job_back(queue: RecipeApp) -> None:
    task_id = queue.fail_an_email("cem@dead.example.com")
    with ThreadPoolExecutor(8) as pool:
        posts = [pool.submit(queue.http.post, f"/dead-letters/{task_id}/retry") for _ in range(8)]
        codes = [post.result().status_code for post in posts]
    queue.api.wait_until_quiet()

    assert sorted(codes) == [202, *[409] * 7]
    assert starts(queue, task_id) == [task_id] * 2
    assert len(queue.inbox.sent_to("cem@dead.example.com")) == 1


def test_dead_letter_survives_a_restart_on_disk_only(queue: RecipeApp) -> None:
    task_id = queue.fail_an_email("dora@dead.example.com")

    kill_and_restart(queue)
    answer = queue.http.post(f"/dead-letters/{task_id}/retry")

    if is_durable(queue):
        assert queue.job(answer)["status"] == "succeeded"
        assert len(queue.inbox.sent_to("dora@dead.example.com")) == 1
    else:
        assert answer.status_code == 404


def test_unknown_job_is_not_found(queue: RecipeApp) -> None:
    refused = queue.http.post("/dead-letters/unknown/retry")

    assert refused.status_code == 404
    assert refused.json()["detail"] == "no task 'unknown'"


def test_job_that_is_not_dead_is_left_alone(queue: RecipeApp) -> None:
    runs = accepted_id(compute(queue, HOURS))
    running(queue, runs)
    done = accepted_id(compute(queue, 10))
    wait_until("it is done", lambda: queue.api.read_task(done).status == "succeeded")
    waits = accepted_id(email(queue, "eve@dead.example.com", delay_s=3600))

    answers = [queue.http.post(f"/dead-letters/{each}/retry") for each in (runs, done, waits)]
    for task_id in (runs, waits):
        queue.http.delete(f"/tasks/{task_id}").raise_for_status()
    cancelled = queue.http.post(f"/dead-letters/{waits}/retry")

    assert [answer.status_code for answer in (*answers, cancelled)] == [409] * 4
    assert len(starts(queue, runs, done, waits)) == 2


def test_job_whose_file_is_gone_is_refused_with_the_reason(queue: RecipeApp) -> None:
    answer = queue.api.post_image(broken_pixels())
    assert queue.job(answer)["status"] == "failed"

    refused = queue.http.post(f"/dead-letters/{accepted_id(answer)}/retry")

    assert refused.status_code == 409
    assert refused.json()["detail"] == "the file of the image is gone: send it again"


def test_full_queue_takes_no_dead_letter_and_loses_none(short_queue: RecipeApp) -> None:
    task_id = short_queue.fail_an_email("finn@dead.example.com")
    with blocked(short_queue):
        for _ in range(4):
            compute(short_queue)
        refused = short_queue.http.post(f"/dead-letters/{task_id}/retry")
        kept = task_id in short_queue.dead_letters()
    short_queue.api.wait_until_quiet()

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert kept
    job = short_queue.job(short_queue.http.post(f"/dead-letters/{task_id}/retry"))
    assert job["status"] == "succeeded"


@pytest.mark.parametrize("limit", ["0", "1001", "all"])
def test_bad_limit_is_refused_by_name(queue: RecipeApp, limit: str) -> None:
    refused = queue.http.get("/dead-letters", params={"limit": limit})

    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["query", "limit"]
