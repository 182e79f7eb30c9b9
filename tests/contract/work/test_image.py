"""A picture: the operations really happen, and the index and the webhook learn of it."""

import base64
import hashlib
import hmac
import json
import time
from io import BytesIO

import pytest
from PIL import Image

from lab.load.samples import encode, make_photo
from scenarios.contract import Status
from scenarios.services.signature import BadSignature, Receiver
from tests.support.client import accepted_id
from tests.support.running import WEBHOOK_SECRET, Running
from tests.work.pictures.made_pictures import SIZE, make_all
from tests.work.pictures.test_pictures import TOLERANCE, is_like, read_quarters

PHOTO = make_photo((160, 120))


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_picture_keeps_its_format_and_has_the_asked_width(
    running: Running, file_format: str
) -> None:
    accepted = running.api.post_image(encode(PHOTO, file_format), ["thumbnail"], width=80)
    task = running.api.wait_until_final(accepted_id(accepted))
    download = running.api.read_result(task.task_id)

    assert task.status is Status.SUCCEEDED, task.error
    assert download.headers["content-type"] == f"image/{file_format.lower()}"
    picture = Image.open(BytesIO(download.content))
    assert (picture.format, picture.size) == (file_format, (80, 60))
    assert task.result == {
        "width": 80,
        "height": 60,
        "format": file_format,
        "operations": ["thumbnail"],
        "size_bytes": len(download.content),
    }


def test_picture_of_a_camera_looks_as_it_did(running: Running) -> None:
    """Its profile, its orientation and its alpha are read where the job runs."""
    for name in ("Display P3 JPEG", "orientation 6 WEBP", "grey and alpha of 16 bits"):
        [made] = [each for each in make_all() if each.name == name]
        answer = running.api.post_image(made.content, ["thumbnail"], SIZE[0])
        task = running.api.wait_until_final(accepted_id(answer))

        assert task.status is Status.SUCCEEDED, (name, task.error)
        found = Image.open(BytesIO(running.api.read_result(task.task_id).content))
        for seen, expected in zip(read_quarters(found), made.quarters, strict=True):
            assert is_like(seen, expected, TOLERANCE[made.kind]), (name, seen, expected)


def test_picture_is_found_in_the_search_index(running: Running) -> None:
    accepted = running.api.post_image(encode(PHOTO, "PNG"), ["grayscale", "blur"], width=77)
    task = running.api.wait_until_final(accepted_id(accepted))

    found = running.query("pictures.sqlite", "SELECT task_id FROM pictures('grayscale 77x58')")
    assert found.count((task.task_id,)) == 1


def test_webhook_about_a_picture_comes_once_and_is_signed(running: Running) -> None:
    accepted = running.api.post_image(encode(PHOTO, "PNG"), ["thumbnail"])
    task = running.api.wait_until_final(accepted_id(accepted))

    (webhook,) = running.webhooks.about(task.task_id)
    sent_at = webhook.headers["webhook-timestamp"]
    signed = f"{task.task_id}.{sent_at}.".encode() + webhook.body
    digest = hmac.digest(WEBHOOK_SECRET.encode(), signed, hashlib.sha256)
    assert webhook.headers["webhook-id"] == task.task_id
    assert webhook.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert task.result is not None
    assert json.loads(webhook.body) == {"task_id": task.task_id, **task.result}


def test_webhook_is_believed_now_and_once_and_not_an_hour_later(running: Running) -> None:
    accepted = running.api.post_image(encode(PHOTO, "PNG"), ["thumbnail"])
    task = running.api.wait_until_final(accepted_id(accepted))
    (webhook,) = running.webhooks.about(task.task_id)
    receiver = Receiver(WEBHOOK_SECRET)

    assert receiver.is_new(webhook.headers, webhook.body)
    assert not receiver.is_new(webhook.headers, webhook.body)  # sent again, by whomever
    with pytest.raises(BadSignature):
        receiver.is_new(webhook.headers, webhook.body, time.time() + 3600)
    with pytest.raises(BadSignature):
        receiver.is_new(webhook.headers, webhook.body + b" ")


def test_what_hangs_behind_a_picture_is_not_in_the_result(running: Running) -> None:
    payload = b"<script>alert(1)</script>PK\x05\x06"

    accepted = running.api.post_image(encode(PHOTO, "PNG") + payload, filename="a.html")
    task = running.api.wait_until_final(accepted_id(accepted))
    download = running.api.read_result(task.task_id)

    assert task.status is Status.SUCCEEDED, task.error
    assert download.headers["content-type"] == "image/png"
    assert b"<script>" not in download.content
