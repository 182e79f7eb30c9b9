"""A thousand texts: each is refused, or comes out where it is read as it went in."""

import csv
import io
import json
import logging
import os
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError
from pypdf import PdfReader

from scenarios import ledger
from scenarios.contract import EmailIn, Line, new_task_id
from scenarios.email import compose
from scenarios.errors import WorkError, explain
from scenarios.reports.order_file import COLUMNS, parse_orders, tidy
from scenarios.reports.report_pdf import render_pdf
from scenarios.reports.report_pdf import tidy as show
from scenarios.setup import OneLine
from tests.support.texts import NASTY, is_read_in_order, make_texts, visible

COUNT = int(os.environ.get("FUZZ_TEXTS", "1000"))  # `make slow`: five times as many
PAGES = COUNT // 300  # with a dozen texts each: one in many scripts takes its time
TEXTS = [*NASTY, *make_texts(COUNT)]
TO = "reader@example.com"
HEADERS = 9  # of each message
line = TypeAdapter[str](Line)


def is_taken(text: str) -> bool:
    try:
        line.validate_python(text)
    except ValidationError:
        return False
    return True


TAKEN = [text for text in TEXTS if is_taken(text)]


def accepted_emails() -> Iterator[EmailIn]:
    """Yield an e-mail with each text as subject and body, or as the one that may be so."""
    for text in TEXTS:
        for subject, body in ((text, text), (text, "Thanks."), ("Hi", text)):
            with suppress(ValidationError):
                yield EmailIn(to=TO, subject=subject, body=body)
                break


def read_subject(message: Message) -> str:
    return str(make_header(decode_header(message["Subject"])))


def test_enough_texts_are_taken_and_every_forged_one_is_refused() -> None:
    assert len(TEXTS) > COUNT
    assert len(TAKEN) > COUNT / 2
    for text in TAKEN:
        assert not set(text) & set("\r\n\0\x1b\x7f\x85\u2028\u2029\u202e\u2066\ud800\udfff"), text


def test_every_email_reads_as_it_was_written() -> None:
    count = 0
    for email in accepted_emails():
        raw = compose("id-1", email.to, email.subject, email.body).as_bytes()
        count += 1

        message = message_from_bytes(raw, policy=policy.compat32)

        assert len(message.keys()) == HEADERS, email
        assert read_subject(message) == email.subject
        body = message.get_payload(decode=True)
        assert isinstance(body, bytes)
        written = email.body.replace("\r\n", "\n").replace("\r", "\n")
        assert body.decode().replace("\r\n", "\n").rstrip("\n") == written.rstrip("\n")
        assert message["X-Task-ID"] == "id-1"
    assert count > 0.8 * COUNT


def test_newer_readers_of_mail_find_no_other_header() -> None:
    # Their parser is slow; what it decodes are encoded words.
    for text in [text for n, text in enumerate(TAKEN) if "=?" in text or n % 20 == 0]:
        message = message_from_bytes(
            compose("id-1", TO, text, "Thanks.").as_bytes(), policy=policy.default
        )

        assert len(message.keys()) == HEADERS
        assert message["To"] == TO
        assert message.get_content().strip() == "Thanks."


def test_every_text_takes_one_line_of_a_log() -> None:
    formatter = OneLine("%(levelname)s %(message)s")
    for text in TEXTS:
        record = logging.LogRecord("x", logging.INFO, "", 0, "said %s", (text,), None)

        assert len(formatter.format(record).splitlines()) == 1
        formatter.format(record).encode()
        sentence = explain(WorkError(text or "x"))
        assert len(sentence.splitlines()) == 1
        assert json.loads(json.dumps(sentence)) == sentence
        sentence.encode()


@pytest.mark.usefixtures("data_dir")
def test_every_text_is_read_back_from_the_ledger(data_dir: Path) -> None:
    task_id = new_task_id()

    for text in TEXTS:
        ledger.record("failed", task_id, error=text)

    assert [event["error"] for event in ledger.read(data_dir)] == TEXTS


def test_every_region_is_stored_as_text_or_refused() -> None:
    stored = {}
    for text in TEXTS:
        file = io.StringIO(newline="")
        csv.writer(file).writerows([COLUMNS, ["2026-11-21", text, "Lamp", "1", "2.50"]])
        file.seek(0)
        with suppress(WorkError):
            ((_, stored[text], *_),) = parse_orders(file)

    assert 0.8 * COUNT < len(stored) < len(set(TEXTS))
    for text, region in stored.items():
        assert region == tidy(text)
        assert len(region.splitlines()) == 1
        assert unicodedata.is_normalized("NFC", region)
        assert not set(region) & set("\0\x1b\x7f\u202e\u2066")


@pytest.mark.long
def test_texts_are_read_back_from_the_pdf() -> None:
    short = list(dict.fromkeys(text.strip() for text in TAKEN if 4 < len(text.strip()) < 12))
    checked = 0

    for first in range(0, PAGES * 13, 13):
        title, *names = short[first : first + 13]
        regions = {name: Decimal(1000 - number) for number, name in enumerate(names)}
        pdf = render_pdf(title, 1, sum(regions.values(), Decimal()), regions)
        (page,) = PdfReader(io.BytesIO(pdf)).pages
        found = visible(page.extract_text())

        for text in filter(is_read_in_order, map(show, (title, *names))):
            checked += 1
            assert visible(text) in found, text
    assert checked > 5 * PAGES
