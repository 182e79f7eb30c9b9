"""Texts of every kind over HTTP: each is refused, or read back as it was sent."""

import json
import os
from decimal import Decimal

import pytest

from scenarios.contract import Status
from scenarios.reports.order_file import tidy
from scenarios.reports.orders import MOST_REGIONS
from tests.support.client import ORDERS_HEADER, accepted_id, new_address
from tests.support.running import Running
from tests.support.text_fields import SHARED, find_text_fields
from tests.support.texts import NASTY, make_texts

TEXTS = [
    *(f"a{text}b" for text in NASTY if text.isprintable() or len(text) == 1),
    *make_texts(int(os.environ.get("FUZZ_TEXTS", "20"))),  # `make slow`: thousands
]
LONGEST_NAME = 100
pytestmark = pytest.mark.timeout(120 + len(TEXTS))


def escape(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" if ord(letter) <= 0xFFFF else letter for letter in text)


def test_any_subject_and_body_is_refused_or_arrives(running: Running) -> None:
    sent: dict[str, tuple[str, str]] = {}

    for text in TEXTS:
        to = new_address()
        # By hand: a JSON library would not let half a character out.
        content = f'{{"to": "{to}", "subject": "{escape(text)}", "body": "{escape(text)}"}}'
        answer = running.api.http.post(
            "/emails", content=content.encode(), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in (202, 422), (text, answer.text)
        if answer.status_code == 202:
            sent[to] = text, accepted_id(answer)

    assert 20 < len(sent) < len(TEXTS)
    for to, (text, task_id) in sent.items():
        task = running.api.wait_until_final(task_id)
        (mail,) = running.inbox.sent_to(to)
        assert task.status is Status.SUCCEEDED, task.error
        assert mail.subject == text.strip()
        assert mail.body.replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")


def test_any_region_is_stored_or_named(running: Running) -> None:
    names = [text for text in TEXTS if text.isprintable() and 1 <= len(tidy(text)) <= LONGEST_NAME]
    for first in range(0, len(names), MOST_REGIONS):
        some = names[first : first + MOST_REGIONS]
        rows = [f'2026-11-21,"{name.replace(chr(34), chr(34) * 2)}",Lamp,1,2.50' for name in some]
        orders = ORDERS_HEADER + "\n".join(rows).encode() + b"\n"

        task = running.api.wait_until_final(accepted_id(running.api.post_report(orders, some[0])))

        assert task.status is Status.SUCCEEDED, task.error
        assert task.result is not None
        assert set(task.result["regions"]) == {tidy(name) for name in some}
        assert Decimal(task.result["total"]) == len(some) * Decimal("2.50")
        assert running.api.read_result(task.task_id).content.startswith(b"%PDF")


def test_any_recipient_is_refused_or_gets_one_mail(running: Running) -> None:
    taken = []
    for text in TEXTS:
        content = f'{{"to": "{escape(text)}@example.com", "subject": "Hi", "body": "Hi"}}'
        answer = running.api.http.post(
            "/emails", content=content.encode(), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in (202, 422), (text, answer.text)
        taken += [accepted_id(answer)] if answer.status_code == 202 else []

    assert taken
    for task_id in taken:
        task = running.api.wait_until_final(task_id)
        assert task.status is Status.SUCCEEDED, task.error
        assert task.result is not None
        [mail] = [
            each for each in running.inbox.sent_to(task.result["to"]) if each.task_id == task_id
        ]
        assert mail.subject == "Hi"


def test_any_title_is_said_again_as_it_was_sent(running: Running) -> None:
    orders = ORDERS_HEADER + b"2026-11-21,North,Lamp,1,2.50\n"
    for title in [text for text in TEXTS if text.isprintable()][:12:3]:
        task = running.api.wait_until_final(accepted_id(running.api.post_report(orders, title)))

        assert task.result is not None, task.error
        assert task.result["title"] == title
        stream = running.api.http.get(f"/tasks/{task.task_id}/events").raise_for_status()
        data, *others = [line for line in stream.text.split("\n") if line.startswith("data:")]
        assert json.loads(data.removeprefix("data:"))["result"]["title"] == title
        assert others == []


def test_no_text_of_the_contract_goes_untried(running: Running) -> None:
    fields = find_text_fields(running.api.http.get("/openapi.json").json())

    routes = ("POST /emails: body", "POST /reports: body", "POST /images: body")
    assert {field for field in fields if field.startswith(routes)} == SHARED


def test_path_of_a_request_adds_no_line_to_the_log(running: Running) -> None:
    for path in ("/tasks/x%0AINFO%20forged", "/tasks/x%0D%0AINFO%20forged/result", "/%1b%5b2J"):
        assert running.api.http.get(path).status_code == 404

    running.send_another_email()
    lines = running.part.log_text().splitlines()
    assert not [line for line in lines if line.startswith("INFO forged")]
