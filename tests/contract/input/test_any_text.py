"""Texts of every kind over HTTP: each is refused, or read back as it was sent."""

from decimal import Decimal

from scenarios.contract import Status
from scenarios.reports.order_file import tidy
from tests.support.client import ORDERS_HEADER, accepted_id, new_address
from tests.support.running import Running
from tests.support.texts import NASTY, make_texts

TEXTS = [*(f"a{text}b" for text in NASTY if text.isprintable() or len(text) == 1), *make_texts(20)]


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
    whole = [text for text in TEXTS if text.isprintable() and text.strip()]
    rows = [f'2026-11-21,"{text.replace(chr(34), chr(34) * 2)}",Lamp,1,2.50' for text in whole]
    orders = ORDERS_HEADER + "\n".join(rows).encode() + b"\n"

    task = running.api.wait_until_final(accepted_id(running.api.post_report(orders, whole[0])))

    assert task.status is Status.SUCCEEDED, task.error
    assert task.result is not None
    assert set(task.result["regions"]) == {tidy(text) for text in whole}
    assert Decimal(task.result["total"]) == len(whole) * Decimal("2.50")
    assert running.api.read_result(task.task_id).content.startswith(b"%PDF")


def test_path_of_a_request_adds_no_line_to_the_log(running: Running) -> None:
    for path in ("/tasks/x%0AINFO%20forged", "/tasks/x%0D%0AINFO%20forged/result", "/%1b%5b2J"):
        assert running.api.http.get(path).status_code == 404

    running.send_another_email()
    lines = running.part.log_text().splitlines()
    assert not [line for line in lines if line.startswith("INFO forged")]
