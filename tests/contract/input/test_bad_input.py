"""Every row of the table of bad input: refused with the right code, and nothing is queued."""

from collections.abc import Iterator
from io import BytesIO

import httpx
import pytest

from lab.load.samples import encode, make_orders, make_photo
from tests.support.client import ORDERS_HEADER
from tests.support.png import bomb, flat_png
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


BAD_EMAILS: list[tuple[str, str | int | None]] = [
    ("to", "nobody"),
    ("to", "two@@example.com"),
    ("to", ""),
    ("to", "a@example.com\r\nBcc: b@example.com"),
    ("to", "a@example.com, b@example.com"),
    ("to", "a" * 300 + "@example.com"),
    ("to", "=?utf-8?q?a=0D=0ABcc=3A_b?=@example.com"),  # some readers of mail decode it
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
]
NO_PICTURES = {
    "empty": b"",
    "text": b"not a picture",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "another format": gif(),
    "two formats in one file": b"GIF89a" + encode(PHOTO, "PNG"),
    "PNG header cut short": encode(PHOTO, "PNG")[:20],
    "PNG cut short": encode(PHOTO, "PNG")[:-20],
    "JPEG cut short": encode(PHOTO, "JPEG")[:-20],
    "JPEG header cut short": encode(PHOTO, "JPEG")[:100],
    "WebP cut short": encode(PHOTO, "WEBP")[:-20],
    "64 million pixels": bomb(),
}
BAD_WISHES: list[tuple[str, str | list[str]]] = [
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
]
NO_ORDERS = {
    "empty": b"",
    "blank": b"\n\n",
    "header alone": ORDERS_HEADER,
    "wrong header": b"day,region\n1,2\n",
    "no header": b"2025-01-01,North,Lamp,1,2.50\n",
    "Latin-1": ORDERS_HEADER + "Ä,Ö,Ü,1,2\n".encode("latin-1"),
    "UTF-16": ORDERS.decode().encode("utf-16"),
    "not UTF-8 at its very end": ORDERS * 2000 + b"\xff",
    "picture": encode(PHOTO, "PNG"),
}


def assert_refused(answer: httpx.Response, field: str, what: object) -> None:
    """Hold that the answer names the field that is wrong."""
    assert answer.status_code == 422, (what, answer.text)
    names = {str(part) for problem in answer.json()["detail"] for part in problem["loc"]}
    assert field in names, what


def test_bad_email_is_refused_by_the_name_of_its_field(running: Running) -> None:
    for field, value in BAD_EMAILS:
        answer = running.api.http.post("/emails", json=GOOD_EMAIL | {field: value})
        assert_refused(answer, field, value)
    for field in GOOD_EMAIL:
        without = {name: value for name, value in GOOD_EMAIL.items() if name != field}
        assert_refused(running.api.http.post("/emails", json=without), field, "without it")


def test_file_that_is_no_good_picture_is_refused(running: Running) -> None:
    for what, content in NO_PICTURES.items():
        answer = running.api.post_image(content)
        assert_refused(answer, "file", what)
        assert answer.elapsed.total_seconds() < 2, what


def test_unknown_operation_or_width_is_refused(running: Running) -> None:
    form: dict[str, str | list[str]] = {"operations": ["blur"], "width": "64"}
    files = {"file": ("picture.png", encode(PHOTO, "PNG"), "image/png")}

    for field, value in BAD_WISHES:
        answer = running.api.http.post("/images", data=form | {field: value}, files=files)
        assert_refused(answer, field, value)


def test_picture_whose_result_costs_too_much_is_refused_at_once(running: Running) -> None:
    for size, width, times in (((1, 65_500), 16, 1), ((1, 1), 4096, 10)):
        answer = running.api.post_image(flat_png(*size), ["blur"] * times, width)
        assert_refused(answer, "file", size)
        assert "pixels, too many" in answer.text


def test_file_that_is_no_csv_of_orders_is_refused(running: Running) -> None:
    for what, content in NO_ORDERS.items():
        assert_refused(running.api.post_report(content), "file", what)


def test_bad_title_is_refused(running: Running) -> None:
    for title in ("", "x" * 201, "two\nlines"):
        assert_refused(running.api.post_report(ORDERS, title), "title", title)


def test_form_without_a_file_is_refused(running: Running) -> None:
    form = {"title": "T", "operations": "blur", "width": "64", "file": "no file"}

    for path in ("/reports", "/images"):
        assert_refused(running.api.http.post(path, data=form), "file", path)


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


def test_wrong_method_or_route_gets_the_standard_answer(running: Running) -> None:
    wrong = [
        ("GET", "/emails", 405),
        ("PUT", "/reports", 405),
        ("POST", "/metrics/queue", 405),
        ("PATCH", "/tasks/1", 405),
        ("GET", "/nothing/here", 404),
    ]

    for method, path, expected in wrong:
        assert running.api.http.request(method, path).status_code == expected, (method, path)


def test_answer_does_not_repeat_what_was_sent(running: Running) -> None:
    bodies = {
        "nested": [b'{"to": ' + b"[" * depth + b"]" * depth + b"}" for depth in (50, 500, 900)],
        "a long list": [b'{"to": [' + b"0," * 200_000 + b"0]}"],
        "no field that is known": [b'{"x": "' + b"x" * 200_000 + b'"}'],
    }
    for what, contents in bodies.items():
        for content in contents:
            answer = running.api.http.post(
                "/emails", content=content, headers={"Content-Type": "application/json"}
            )
            assert_refused(answer, "to", what)
            assert len(answer.content) < 1000, what

    title = {"file": ("a.csv", ORDERS), "title": ("title.txt", b"a file")}
    answer = running.api.http.post("/reports", files=title)
    assert_refused(answer, "title", "a file")
    assert "_file" not in answer.text


def test_malformed_json_gets_the_standard_answer(running: Running) -> None:
    headers = {"Content-Type": "application/json"}

    for content in (b"", b"{", b"[]", b"null", b'{"to": NaN', b"\xff\xfe"):
        answer = running.api.http.post("/emails", content=content, headers=headers)
        assert answer.status_code == 422, (content, answer.text)
