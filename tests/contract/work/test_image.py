"""A picture: the operations really happen, and the index and the webhook learn of it."""

import base64
import hashlib
import hmac
import json
import time
from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from lab.load.samples import encode, make_photo
from scenarios.contract import Status
from scenarios.services.signature import BadSignature, Receiver
from tests.support.client import accepted_id
from tests.support.running import WEBHOOK_SECRET, Running

PHOTO = make_photo((160, 120))


def process(running: Running, *operations: str, width: int = 80) -> Image.Image:
    """Send the photograph through `operations` and return what comes out."""
    accepted = running.api.post_image(encode(PHOTO, "PNG"), operations, width)
    task = running.api.wait_until_final(accepted_id(accepted))
    assert task.status is Status.SUCCEEDED, task.error
    return Image.open(BytesIO(running.api.read_result(task.task_id).content))


def edge_energy(picture: Image.Image) -> float:
    edges = picture.convert("L").filter(ImageFilter.FIND_EDGES)
    return ImageStat.Stat(edges).mean[0]


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


def test_grayscale_leaves_no_colour(running: Running) -> None:
    red, green, blue = process(running, "grayscale").convert("RGB").split()

    assert ImageChops.difference(red, green).getbbox() is None
    assert ImageChops.difference(green, blue).getbbox() is None


def test_blur_softens_and_sharpen_hardens_the_edges(running: Running) -> None:
    plain = edge_energy(process(running, "thumbnail"))

    assert edge_energy(process(running, "blur")) < 0.9 * plain
    assert edge_energy(process(running, "sharpen")) > 1.1 * plain


def test_watermark_changes_some_of_the_picture_and_not_all(running: Running) -> None:
    plain = process(running, "thumbnail", width=400).convert("RGB")
    marked = process(running, "watermark", width=400).convert("RGB")

    box = ImageChops.difference(plain, marked).getbbox()
    assert box is not None
    left, top, right, bottom = box
    assert (right - left) * (bottom - top) < 0.5 * plain.width * plain.height


def test_operations_apply_together_and_in_any_width(running: Running) -> None:
    picture = process(running, "blur", "sharpen", "grayscale", "watermark", "thumbnail", width=320)

    assert picture.size == (320, 240)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_pictures_of_every_pixel_kind_are_processed(running: Running, mode: str) -> None:
    picture = Image.new(mode, (64, 48))

    accepted = running.api.post_image(encode(picture, "PNG"), ["blur", "watermark"], width=32)
    task = running.api.wait_until_final(accepted_id(accepted))

    assert task.status is Status.SUCCEEDED, task.error


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
