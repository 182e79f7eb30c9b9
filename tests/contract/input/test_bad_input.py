"""Every row of the table of bad input: refused with the right code, and nothing is queued."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from lab.load.samples import encode, make_orders, make_photo
from tests.support.client import ORDERS_HEADER
from tests.support.damaged import bomb
from tests.support.running import MAX_UPLOAD_BYTES, Running

from .wire import post_declared, post_endless

PHOTO = make_photo((160, 120))
ORDERS = make_orders(5).csv
GOOD_EMAIL = {"to": "reader@example.com", "subject": "Your order", "body": "Thanks."}
JSON_TYPE = "Content-Type: application/json"
FORM_TYPE = "Content-Type: multipart/form-data; boundary=cut"
FORM_START = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


@pytest.fixture(autouse=True)
def _nothing_is_queued_or_left_on_disk(running: Running) -> Iterator[None]:
    """Hold of every request in this file that it leaves no job and no upload behind."""
    before = running.count_accepted(), set(running.uploads())
    yield
    assert (running.count_accepted(), set(running.uploads())) == before


def gif() -> bytes:
    buffer = BytesIO()
    PHOTO.save(buffer, "GIF")
    return buffer.getvalue()


def fields_at_fault(answer: Any) -> set[str]:  # Any: the JSON of FastAPI's 422
    return {str(part) for problem in answer["detail"] for part in problem["loc"]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("to", "nobody"),
        ("to", "two@@example.com"),
        ("to", ""),
        ("to", "a@example.com\r\nBcc: b@example.com"),
        ("to", "a@example.com, b@example.com"),
        ("to", "a" * 300 + "@example.com"),
        ("to", None),
        ("subject", ""),
        ("subject", "x" * 201),
        ("subject", "Hello\nBcc: b@example.com"),
        ("subject", "Hello\rBcc: b@example.com"),
        ("subject", "Hello\u2028Bcc: b@example.com"),
        ("subject", "Hello\0"),
        ("subject", 5),
        ("body", "x" * 100_001),
        ("body", None),
    ],
)
def test_bad_email_is_refused_by_the_name_of_its_field(
    running: Running, field: str, value: str | int | None
) -> None:
    answer = running.api.http.post("/emails", json=GOOD_EMAIL | {field: value})

    assert answer.status_code == 422, answer.text
    assert field in fields_at_fault(answer.json())


@pytest.mark.parametrize("field", ["to", "subject", "body"])
def test_email_without_a_field_is_refused(running: Running, field: str) -> None:
    email = {name: value for name, value in GOOD_EMAIL.items() if name != field}

    answer = running.api.http.post("/emails", json=email)

    assert answer.status_code == 422
    assert field in fields_at_fault(answer.json())


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not a picture", id="text"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="SVG"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", id="PostScript"),
        pytest.param(gif(), id="another format"),
        pytest.param(b"GIF89a" + encode(PHOTO, "PNG"), id="two formats in one file"),
        pytest.param(encode(PHOTO, "PNG")[:20], id="PNG header cut short"),
        pytest.param(encode(PHOTO, "PNG")[:-20], id="PNG cut short"),
        pytest.param(encode(PHOTO, "JPEG")[:-20], id="JPEG cut short"),
        pytest.param(encode(PHOTO, "JPEG")[:100], id="JPEG header cut short"),
        pytest.param(encode(PHOTO, "WEBP")[:-20], id="WebP cut short"),
        pytest.param(bomb(), id="64 million pixels"),
    ],
)
def test_file_that_is_no_good_picture_is_refused(running: Running, picture: bytes) -> None:
    answer = running.api.post_image(picture)

    assert answer.status_code == 422, answer.text
    assert "file" in fields_at_fault(answer.json())
    assert answer.elapsed.total_seconds() < 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("operations", "rotate"),
        ("operations", ""),
        ("operations", ["blur", "rotate"]),
        ("operations", []),
        ("operations", ["blur"] * 11),
        ("width", "15"),
        ("width", "4097"),
        ("width", "wide"),
        ("width", "1e3"),
        ("width", []),
    ],
)
def test_unknown_operation_or_width_is_refused(
    running: Running, field: str, value: str | list[str]
) -> None:
    form: dict[str, str | list[str]] = {"operations": ["blur"], "width": "64"}
    files = {"file": ("picture.png", encode(PHOTO, "PNG"), "image/png")}

    answer = running.api.http.post("/images", data=form | {field: value}, files=files)

    assert answer.status_code == 422, answer.text
    assert field in fields_at_fault(answer.json())


@pytest.mark.parametrize(
    "orders",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\n\n", id="blank"),
        pytest.param(ORDERS_HEADER, id="header alone"),
        pytest.param(b"day,region\n1,2\n", id="wrong header"),
        pytest.param(b"2025-01-01,North,Lamp,1,2.50\n", id="no header"),
        pytest.param(ORDERS_HEADER + "Ä,Ö,Ü,1,2\n".encode("latin-1"), id="Latin-1"),
        pytest.param(ORDERS.decode().encode("utf-16"), id="UTF-16"),
        pytest.param(ORDERS * 2000 + b"\xff", id="not UTF-8 at its very end"),
        pytest.param(encode(PHOTO, "PNG"), id="picture"),
    ],
)
def test_file_that_is_no_csv_of_orders_is_refused(running: Running, orders: bytes) -> None:
    answer = running.api.post_report(orders)

    assert answer.status_code == 422, answer.text
    assert "file" in fields_at_fault(answer.json())


@pytest.mark.parametrize("title", ["", "x" * 201, "two\nlines"])
def test_bad_title_is_refused(running: Running, title: str) -> None:
    answer = running.api.post_report(ORDERS, title)

    assert answer.status_code == 422, answer.text
    assert "title" in fields_at_fault(answer.json())


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("/emails", JSON_TYPE), ("/reports", FORM_TYPE), ("/images", FORM_TYPE)],
)
def test_body_that_announces_too_much_is_refused_unread(
    running: Running, path: str, content_type: str
) -> None:
    answer = post_declared(running.api.base_url, path, content_type, MAX_UPLOAD_BYTES + 1)

    assert answer.status_code == 413
    assert answer.took_s < 2


@pytest.mark.parametrize(
    ("path", "content_type", "start"),
    [
        ("/emails", JSON_TYPE, b'{"to": "'),
        ("/reports", FORM_TYPE, FORM_START + ORDERS_HEADER),
        ("/images", FORM_TYPE, FORM_START + encode(PHOTO, "PNG")),
    ],
)
def test_body_without_an_end_is_refused_at_the_limit(
    running: Running, path: str, content_type: str, start: bytes
) -> None:
    answer = post_endless(running.api.base_url, path, content_type, start)

    assert answer.status_code == 413
    # What is under way in the buffers of the connection counts as sent.
    assert answer.sent_bytes < MAX_UPLOAD_BYTES + 16 * 1024**2


def test_file_over_the_limit_is_refused(running: Running) -> None:
    answer = running.api.post_report(ORDERS_HEADER + b"x" * MAX_UPLOAD_BYTES)

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/emails", 405),
        ("PUT", "/reports", 405),
        ("POST", "/metrics/queue", 405),
        ("PATCH", "/tasks/1", 405),
        ("GET", "/nothing/here", 404),
    ],
)
def test_wrong_method_or_route_gets_the_standard_answer(
    running: Running, method: str, path: str, expected: int
) -> None:
    assert running.api.http.request(method, path).status_code == expected


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"to": NaN', b"\xff\xfe"])
def test_malformed_json_gets_the_standard_answer(running: Running, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}

    answer = running.api.http.post("/emails", content=content, headers=headers)

    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("path", ["/reports", "/images"])
def test_form_without_a_file_is_refused(running: Running, path: str) -> None:
    form = {"title": "T", "operations": "blur", "width": "64"}

    answer = running.api.http.post(path, data=form | {"file": "no file"})

    assert answer.status_code == 422
    assert "file" in fields_at_fault(answer.json())
