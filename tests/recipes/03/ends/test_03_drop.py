"""Waiting jobs are dropped for good; those that failed for good run again, once."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import redis

from tests.recipes.celery_api import CeleryApi
from tests.support.client import accepted_id
from tests.support.png import broken_pixels
from tests.support.programs import run_program
from tests.support.waiting import wait_until


def drop(celery_api: CeleryApi, *words: str) -> str:
    """Run the command that drops jobs, and return what it prints."""
    env = {"REDIS_URL": celery_api.stack.redis_url, "DATA_DIR": str(celery_api.data_dir)}
    done = run_program(["03_celery.drop", *words], env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def low(celery_api: CeleryApi) -> str:
    """Post a job to the queue `low` and return its id."""
    [job] = celery_api.read(celery_api.notify("dropped").json()["jobs_url"])
    return str(job["job_id"])


def test_dropped_jobs_stay_dropped(celery_api: CeleryApi) -> None:
    drop(celery_api, "--all")
    alone, in_low, kept = celery_api.post_email(), low(celery_api), celery_api.post_email()
    rest = [celery_api.post_email() for _ in range(2)]

    assert drop(celery_api, alone) == "dropped 1 jobs\n"
    assert drop(celery_api, "--queue", "low") == "dropped 1 jobs\n"
    assert celery_api.depth("low") == 0
    with celery_api.worker("usual"):
        celery_api.wait_until_done(kept, *rest)
        later = celery_api.post_email()
        celery_api.wait_until_done(later)

    for task_id in (alone, in_low):
        assert celery_api.api.read_task(task_id).status == "cancelled"
        assert celery_api.log_of(task_id, "started", "resent") == []
    assert drop(celery_api, "--all") == "dropped 0 jobs\n"


def test_purged_jobs_are_sent_again_within_seconds(celery_api: CeleryApi) -> None:
    purged = [celery_api.post_email(), low(celery_api)]
    with redis.Redis.from_url(celery_api.stack.redis_url) as broker:
        broker.delete("default", "low")  # what `celery purge` does

    with celery_api.worker("usual"):
        wait_until(
            "both were sent again", lambda: all(map(celery_api.log_of, purged, ["resent"] * 2))
        )
        celery_api.wait_until_done(*purged)

    assert celery_api.api.read_task(purged[0]).status == "succeeded"


def test_failed_job_is_listed_the_last_one_first_and_runs_again(celery: CeleryApi) -> None:
    first, second = (celery.fail_an_email(f"ann-{n}@again.example.com") for n in range(2))

    found = celery.dead_letters()
    again = celery.http.post(f"/dead-letters/{first}/retry")

    job = celery.job(again)
    assert list(found)[:2] == [second, first]
    assert list(celery.dead_letters(limit=1)) == [second]
    assert "550" in found[first]["error"]
    assert (job["status"], job["name"]) == ("succeeded", "email")
    assert len(celery.inbox.sent_to("ann-0@again.example.com")) == 1
    assert first not in celery.dead_letters()
    assert celery.api.read_task(first).status == "failed"  # a final state never changes


OLD_LETTERS = """
for n = 1, 1000 do
  redis.call('SET', 'dead:old-' .. n, string.rep('x', 100000))
  redis.call('ZADD', 'dead', n + ARGV[1], 'old-' .. n)
end
"""


def test_dead_letters_are_bounded_by_their_size(celery: CeleryApi) -> None:
    with redis.Redis.from_url(celery.stack.redis_url, decode_responses=True) as client:
        client.delete("dead", *client.keys("dead:*"))
        client.eval(OLD_LETTERS, 0, time.time() - 2000)

        celery.refuse_mail("dan@again.example.com", 550)
        newest = accepted_id(celery.api.post_email("dan@again.example.com"))
        kept = wait_until(
            "the oldest went", lambda: client.zrange("dead", 0, -1), lambda ids: len(ids) < 1000
        )
        found = sorted(client.keys("dead:*"))
        size_bytes = sum(client.strlen(name) for name in found)
        client.delete("dead", *found)

    assert found == sorted(f"dead:{task_id}" for task_id in kept)
    assert kept[-2:] == ["old-1000", newest]
    assert 60 * 1024**2 < size_bytes <= 64 * 1024**2


def test_of_many_replays_at_once_one_runs_the_job(celery: CeleryApi) -> None:
    task_id = celery.fail_an_email("bob@again.example.com")

    with ThreadPoolExecutor(6) as pool:
        posts = [pool.submit(celery.http.post, f"/dead-letters/{task_id}/retry") for _ in range(6)]
        answers = [post.result() for post in posts]

    taken = [answer for answer in answers if answer.status_code == 202]
    assert sorted(answer.status_code for answer in answers) == [202, *[404] * 5]
    assert celery.job(taken[0])["status"] == "succeeded"
    assert len(celery.inbox.sent_to("bob@again.example.com")) == 1


def test_picture_whose_file_is_gone_is_not_run_again(celery: CeleryApi) -> None:
    task_id = accepted_id(celery.api.post_image(broken_pixels()))
    wait_until("the dead letter is kept", lambda: task_id in celery.dead_letters())

    refused = celery.http.post(f"/dead-letters/{task_id}/retry")

    assert refused.status_code == 409
    assert refused.json()["detail"] == "its file went when it failed: send it again"
    assert task_id in celery.dead_letters()


def test_thumbnail_whose_file_is_gone_is_not_run_again(celery: CeleryApi) -> None:
    letter = {"name": "03_celery.recipes.thumbnails.make_thumbnail", "args": [64], "kwargs": {}}
    with redis.Redis.from_url(celery.stack.redis_url) as client:
        client.set("dead:thumbnail", json.dumps(letter), ex=60)

        refused = celery.http.post("/dead-letters/thumbnail/retry")

    assert refused.status_code == 409
