"""What tells two requests with one Idempotency-Key apart."""

import json
from pathlib import Path

import pytest

from scenarios import files
from scenarios.contract import EmailIn, JSONDict, new_task_id
from scenarios.idempotency import fingerprint

EMAIL = {"to": "ann@example.com", "subject": "Your order", "body": "It is on its way.\n"}


def of_email(text: str) -> str:
    return fingerprint(new_task_id(), "email", EmailIn.model_validate_json(text).model_dump())


def of_report(content: bytes, **fields: str) -> str:
    task_id = new_task_id()
    files.upload_path(task_id).write_bytes(content)
    return fingerprint(task_id, "report", {"title": "Orders", **fields})


def test_same_json_in_another_order_or_with_whitespace_is_the_same(data_dir: Path) -> None:
    backwards = dict(reversed(EMAIL.items()))
    texts = [json.dumps(EMAIL), json.dumps(backwards), json.dumps(EMAIL, indent=4)]

    assert len({of_email(text) for text in texts}) == 1


@pytest.mark.parametrize("change", [{"to": "bob@example.com"}, {"subject": "x"}, {"body": ""}])
def test_another_value_is_another_request(data_dir: Path, change: JSONDict) -> None:
    assert of_email(json.dumps(EMAIL)) != of_email(json.dumps(EMAIL | change))


def test_another_kind_is_another_request(data_dir: Path) -> None:
    task_id = new_task_id()

    assert fingerprint(task_id, "email", EMAIL) != fingerprint(task_id, "emails/later", EMAIL)


def test_content_of_the_file_counts_as_the_fields_do(data_dir: Path) -> None:
    first = of_report(b"a,b\n")

    assert of_report(b"a,b\n") == first
    assert of_report(b"a,c\n") != first
    assert of_report(b"") != first
    assert of_report(b"a,b\n", title="Others") != first


def test_no_file_and_an_empty_one_differ(data_dir: Path) -> None:
    assert of_report(b"") != fingerprint(new_task_id(), "report", {"title": "Orders"})
