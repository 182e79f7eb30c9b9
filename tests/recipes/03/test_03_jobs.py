"""One worker: messages, workflows, typed arguments, and what can be read about them."""

import io
import json
import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import httpx
import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from scenarios import image
from tests.recipes.celery_api import CeleryApi
from tests.recipes.waiting_line import fields_refused
from tests.support.client import accepted_id
from tests.support.png import broken_pixels, flat_png
from tests.support.receiver import Received
from tests.support.waiting import wait_until

PUSH = "/03/push"


def about(celery_api: CeleryApi, user_id: str) -> list[Received]:
    """Return the messages to one user, the oldest first."""
    return [each for each in celery_api.services.on(PUSH) if json.loads(each.body)["to"] == user_id]


# Transient and permanent errors


def test_temporary_error_is_tried_again(celery: CeleryApi) -> None:
    celery.services.fail(PUSH, 503, times=2)

    job = celery.job(celery.notify("ann"))

    assert job["status"] == "succeeded"
    assert job["result"] == {"channel": "push", "to": "ann"}
    assert len(about(celery, "ann")) == 3
    assert about(celery, "ann")[0].headers["authorization"] == "Bearer the-push-key"


def test_pauses_between_tries_grow_and_are_never_nothing(celery: CeleryApi) -> None:
    celery.services.fail(PUSH, 429, times=3)

    job = celery.job(celery.notify("bob"))

    starts = [each["t"] for each in celery.log_of(job["job_id"], "started")]
    pauses = [after - before for before, after in pairwise(starts)]
    assert len(pauses) == 3
    assert all(pause > least for pause, least in zip(pauses, (0.1, 0.2, 0.4), strict=True)), pauses


def test_permanent_error_is_not_tried_again(celery: CeleryApi) -> None:
    celery.services.fail(PUSH, 404, times=1)

    job = celery.job(celery.notify("cem"))

    assert (job["status"], job["error"]) == ("failed", "the push service answered 404")
    assert len(about(celery, "cem")) == 1


def test_last_error_is_told_when_the_tries_are_used_up(celery: CeleryApi) -> None:
    celery.services.fail(PUSH, 500, times=4)

    job = celery.job(celery.notify("dora"))

    assert (job["status"], job["error"]) == ("failed", "the push service answered 500")
    assert len(about(celery, "dora")) == 4


def test_channel_that_fails_does_not_repeat_the_other(celery: CeleryApi) -> None:
    celery.services.fail(PUSH, 503, times=1)

    answer = celery.http.post("/notifications/critical", json={"user_id": "eve", "message": "Now"})

    jobs = celery.jobs(answer)
    assert [job["result"]["channel"] for job in jobs] == ["push", "sms"]
    assert len(about(celery, "eve")) == 3
    starts = [len(celery.log_of(job["job_id"], "started")) for job in jobs]
    assert sorted(starts) == [1, 2]


# Async code in a task


def test_one_job_calls_for_many_users_side_by_side(celery: CeleryApi) -> None:
    users = [f"many-{n}" for n in range(12)]
    body = {"user_ids": users, "message": "Sale"}
    before = len(celery.services.on(PUSH))

    with celery.services.holding(PUSH):
        answer = celery.http.post("/notifications/broadcast", json=body)
        at_once = wait_until(
            "ten calls wait",
            lambda: len(celery.services.on(PUSH)) - before,
            lambda calls: calls == 10,
        )

    assert at_once == 10
    assert celery.job(answer)["result"] == {"sent": 12, "failed": {}}


def test_user_that_cannot_be_told_does_not_stop_the_others(celery: CeleryApi) -> None:
    celery.services.fail(PUSH, 410, times=1)
    body = {"user_ids": [f"some-{n}" for n in range(5)], "message": "Sale"}

    job = celery.job(celery.http.post("/notifications/broadcast", json=body))

    assert job["status"] == "succeeded"
    assert job["result"]["sent"] == 4
    assert list(job["result"]["failed"].values()) == ["the push service answered 410"]


# Chain and chord


def post_picture(celery: CeleryApi) -> str:
    """Post a picture of the shared contract and return its id when it is done."""
    answer = celery.api.post_image(flat_png(64, 48), ["grayscale"], 48)
    task = celery.api.wait_until_final(accepted_id(answer))
    assert task.status == "succeeded", task.error
    return task.task_id


def process(celery: CeleryApi, image_id: str) -> httpx.Response:
    body = {"operations": ["thumbnail", "blur"], "width": 32}
    return celery.http.post(f"/images/{image_id}/process", json=body)


def webhooks(celery: CeleryApi, job_id: str) -> int:
    return sum(job_id.encode() in each.body for each in celery.services.on("/03/webhooks"))


def test_chain_hands_the_result_on_and_repeats_only_the_step_that_failed(celery: CeleryApi) -> None:
    image_id = post_picture(celery)
    celery.services.fail("/03/webhooks", 503, times=1)

    jobs = celery.jobs(process(celery, image_id))

    assert [job["name"] for job in jobs] == ["process_picture", "index_picture", "tell_webhook"]
    assert [job["status"] for job in jobs] == ["succeeded"] * 3
    assert jobs[2]["result"] == jobs[0]["result"]
    assert jobs[0]["result"]["width"] == 32
    assert [len(celery.log_of(job["job_id"], "started")) for job in jobs] == [1, 1, 2]
    assert webhooks(celery, jobs[0]["job_id"]) == 2


def test_step_that_fails_for_good_ends_the_steps_behind_it(celery: CeleryApi) -> None:
    image_id = post_picture(celery)
    (celery.data_dir / "results" / f"{image_id}.png").write_bytes(broken_pixels())

    jobs = celery.jobs(process(celery, image_id))

    assert [job["status"] for job in jobs] == ["failed"] * 3
    assert all("the picture is damaged" in job["error"] for job in jobs)
    assert [len(celery.log_of(job["job_id"], "started")) for job in jobs] == [1, 0, 0]
    assert webhooks(celery, jobs[0]["job_id"]) == 0


def test_chord_sums_up_all_pictures_and_names_the_damaged_one(celery: CeleryApi) -> None:
    pictures = [flat_png(64, 48), broken_pixels(), flat_png(80, 48), flat_png(90, 48)]

    jobs = celery.jobs(post_thumbnails(celery, *pictures))

    *thumbnails, summary = jobs
    assert [job["name"] for job in jobs] == ["make_thumbnail"] * 4 + ["summarize"]
    assert [job["status"] for job in jobs] == ["succeeded"] * 5
    assert summary["result"]["made"] == 3
    assert list(summary["result"]["errors"]) == ["1"]
    sizes = [job["result"].get("size_bytes", 0) for job in thumbnails]
    assert summary["result"]["size_bytes"] == sum(sizes)
    assert len(celery.log_of(summary["job_id"], "started")) == 1
    for job in (thumbnails[0], *thumbnails[2:]):
        path = celery.data_dir / "results" / f"{job['job_id']}.png"
        assert image.load(path)[0].width == 24


def test_refused_picture_leaves_nothing_of_the_others(celery: CeleryApi) -> None:
    uploads = celery.data_dir / "uploads"
    before = set(uploads.iterdir())

    refused = post_thumbnails(celery, flat_png(64, 48), b"no picture")

    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", "pictures", 1]
    assert set(uploads.iterdir()) == before


def test_thumbnail_that_would_be_too_large_is_refused_at_once(celery: CeleryApi) -> None:
    Image.new("1", (1, 60_000)).save(picture := io.BytesIO(), "PNG")

    refused = post_thumbnails(celery, flat_png(64, 48), picture.getvalue(), width=4096)

    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", "pictures", 1]


def post_thumbnails(celery: CeleryApi, *pictures: bytes, width: int = 24) -> httpx.Response:
    files = [("pictures", ("a.png", picture, "image/png")) for picture in pictures]
    return celery.http.post("/thumbnails", data={"width": str(width)}, files=files)


# Typed arguments


def test_task_takes_and_returns_models(celery: CeleryApi) -> None:
    lamp = {"product": "lamp", "quantity": 3, "unit_price": "19.90"}
    desk = {"product": "desk", "quantity": 1, "unit_price": "240.05"}

    job = celery.job(celery.http.post("/invoices", json={"positions": [lamp, desk]}))

    assert job["result"] == {"positions": 2, "total": "299.75"}


# One effect for each key


def pay(celery: CeleryApi, key: str | None, cents: int = 1250) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return celery.http.post("/payments", json={"account": "DE02", "cents": cents}, headers=headers)


def test_same_key_pays_once(celery: CeleryApi) -> None:
    first = pay(celery, "order-1")
    job = celery.job(first)

    second = pay(celery, "order-1")

    assert second.json() == first.json()
    calls = [each.headers["idempotency-key"] for each in celery.services.on("/03/payments")]
    assert calls.count(job["job_id"]) == 1
    assert len(celery.log_of(job["job_id"], "started")) == 1


def test_payment_that_failed_for_now_is_made_once_in_the_end(celery: CeleryApi) -> None:
    celery.services.fail("/03/payments", 503, times=2)

    job = celery.job(pay(celery, "order-2"))

    assert (job["status"], job["result"]["cents"]) == ("succeeded", 1250)
    calls = [each.headers["idempotency-key"] for each in celery.services.on("/03/payments")]
    assert calls.count(job["job_id"]) == 3


def test_same_key_with_another_body_is_refused(celery: CeleryApi) -> None:
    celery.job(pay(celery, "order-3"))

    refused = pay(celery, "order-3", cents=9)

    assert fields_refused(refused) == {"Idempotency-Key"}


# What beat sends, run by hand


def test_schedule_says_what_is_dropped_when_nobody_takes_it(celery: CeleryApi) -> None:
    entries = {entry["name"]: entry for entry in celery.http.get("/schedule").json()}

    assert set(entries) == {"relay-outbox", "clean-results", "nightly-report"}
    assert all(entry["expires_s"] > 0 for entry in entries.values())
    assert "0 3 * * *" in entries["nightly-report"]["schedule"]


def test_nightly_report_runs_now(celery: CeleryApi) -> None:
    day = datetime.now(UTC).date() - timedelta(days=1)
    orders = f"date,region,product,quantity,unit_price\n{day},north,lamp,2,10.50\n"
    more = "2001-01-01,south,desk,1,99.00\n"
    task_id = accepted_id(celery.api.post_report(f"{orders}{more}".encode()))
    celery.wait_for(task_id, "succeeded")

    job = celery.job(celery.http.post("/schedule/nightly-report/run"))

    assert job["result"] == {"day": str(day), "orders": 1, "total": "21.00"}
    pdf = celery.data_dir / "nightly" / f"{day}.pdf"
    assert pdf.read_bytes().startswith(b"%PDF")


def test_cleaning_removes_old_nightly_reports_and_nothing_by_its_age(celery: CeleryApi) -> None:
    nightly, today = celery.data_dir / "nightly", datetime.now(UTC).date()
    nightly.mkdir(exist_ok=True)
    old, new = (nightly / f"{today - timedelta(days=days)}.pdf" for days in (40, 2))
    for path in (old, new):
        path.write_bytes(b"%PDF")
    picture = celery.data_dir / "results" / f"{post_picture(celery)}.png"
    for path in (new, picture):
        os.utime(path, (0, 0))

    job = celery.job(celery.http.post("/schedule/clean-results/run"))

    assert job["status"] == "succeeded"
    assert (old.exists(), new.exists(), picture.exists()) == (False, True, True)


# What can be read


def test_prometheus_reads_the_counts_and_the_depth_of_each_queue(celery: CeleryApi) -> None:
    celery.wait_for(celery.post_email(), "succeeded")

    answer = celery.http.get("/metrics")

    families = {each.name: each for each in text_string_to_metric_families(answer.text)}
    tasks = {s.labels["status"]: s.value for s in families["tasks"].samples}
    counts = celery.http.get("/metrics/queue").json()
    assert tasks == {name: counts[name] for name in ("queued", "running", "succeeded", "failed")}
    assert tasks["succeeded"] >= 1
    depths = {s.labels["queue"]: s.value for s in families["queue_messages"].samples}
    assert depths == {"high": 0, "default": 0, "low": 0}
    assert families["workers"].samples[0].value == 2
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


def test_unknown_jobs_are_404(celery: CeleryApi) -> None:
    for path in ("/jobs/none", "/images/00000000-0000-0000-0000-000000000000/process"):
        method = "GET" if path.startswith("/jobs") else "POST"
        body = {"operations": ["blur"]} if method == "POST" else None
        assert celery.http.request(method, path, json=body).status_code == 404
    assert celery.http.post("/schedule/none/run").status_code == 404


def test_flower_asks_for_the_password(celery: CeleryApi) -> None:
    flower = celery.stack.start_flower("you:secret")

    answers = [
        httpx.get(f"{flower.url}/workers").status_code,
        httpx.get(f"{flower.url}/workers", auth=("you", "wrong")).status_code,
        httpx.get(f"{flower.url}/workers", auth=("you", "secret")).status_code,
    ]

    assert answers == [401, 401, 200]
    assert httpx.get(f"{flower.url}/metrics").status_code == 401
    metrics = httpx.get(f"{flower.url}/metrics", auth=("you", "secret"))
    assert "flower_" in metrics.text
    assert "secret" not in " ".join(flower.command)


MESSAGE = {"user_id": "ann", "message": "Hello"}
POSITION = {"product": "lamp", "quantity": 1, "unit_price": "1.00"}
ORDER = {"customer": "ann@example.com", "product": "lamp", "quantity": 1}
PAYMENT = {"account": "DE02", "cents": 1}
ZERO = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/users/register", {"username": "ann", "email": "ann"}, "email"),
        ("/users/register", {"username": "a\nb", "email": "ann@example.com"}, "username"),
        ("/notifications", MESSAGE | {"user_id": "a b"}, "user_id"),
        ("/notifications/critical", MESSAGE | {"message": ""}, "message"),
        ("/notifications/critical", MESSAGE | {"channels": ["fax"]}, "channels"),
        ("/notifications/broadcast", {"user_ids": [], "message": "Hello"}, "user_ids"),
        ("/orders", ORDER | {"customer": "nobody"}, "customer"),
        ("/orders", ORDER | {"quantity": 0}, "quantity"),
        ("/payments", PAYMENT, "Idempotency-Key"),
        ("/payments", PAYMENT | {"cents": 0}, "cents"),
        ("/payments", PAYMENT | {"account": "?"}, "account"),
        ("/invoices", {"positions": []}, "positions"),
        ("/invoices", {"positions": [POSITION | {"unit_price": "0.001"}]}, "unit_price"),
        ("/thumbnails", {}, "pictures"),
        (f"/images/{ZERO}/process", {"operations": ["explode"]}, "operations"),
        ("/images/1/process", {"operations": ["blur"]}, "image_id"),
    ],
)
def test_bad_input_is_refused_by_name(
    celery: CeleryApi, path: str, body: dict[str, object], field: str
) -> None:
    refused = celery.http.post(path, json=body)

    assert refused.status_code == 422
    assert field in [part for problem in refused.json()["detail"] for part in problem["loc"]]
