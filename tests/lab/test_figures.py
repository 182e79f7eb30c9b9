"""The counts of a comparison are right, and each broken promise is named."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from fpdf import FPDF
from PIL import Image

from lab.compare.figures import Count, Figures, Latency, percentiles
from lab.compare.folder_size import count_code_lines
from lab.compare.promises import find_broken_promises
from lab.listening import listen
from lab.load.heartbeat import Heartbeat
from lab.load.verify import count_once, find_picture_fault, find_report_fault

from .fabricated import GOOD

PROMISES: dict[str, bool | str] = {"survives_api_kill": True, "cpu_work_outside_api": False}


@pytest.fixture
def slow_server() -> Iterator[str]:
    """Answer with 200, the second time after 0.3 s, the third time with 503."""
    asked: list[str] = []

    def answer(
        path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        asked.append(path)
        time.sleep(0.3 if len(asked) == 2 else 0)
        return 503 if len(asked) == 3 else 200, {}, b""

    with listen(answer) as url:
        yield url


def test_kept_promises_leave_nothing_to_say() -> None:
    assert find_broken_promises(GOOD, PROMISES) == []


@pytest.mark.parametrize(
    ("figures", "promised", "seen"),
    [
        (replace(GOOD, accepted=Count(28, 29)), "accept every job", "28/29"),
        (replace(GOOD, emails=Count(19, 20)), "every e-mail exactly once", "19/20"),
        (replace(GOOD, reports=Count(2, 3)), "every report with the right total", "2/3"),
        (replace(GOOD, pictures=Count(0, 6)), "every picture in the asked size", "0/6"),
        (replace(GOOD, healthz_failures=2), "always answer /healthz", "2 failures"),
        (
            replace(GOOD, arrived_after_kill=Count(7, 8)),
            "survives_api_kill = true",
            "7 of 8 e-mails",
        ),
        (
            replace(GOOD, pictures_outside_api=Count(1, 6)),
            "cpu_work_outside_api = false",
            "1 of 6 pictures",
        ),
    ],
)
def test_broken_promise_is_one_sentence_with_what_was_promised_and_seen(
    figures: Figures, promised: str, seen: str
) -> None:
    sentences = find_broken_promises(figures, PROMISES)

    assert len(sentences) == 1
    assert sentences[0].startswith("02_asyncio_create_task: promised ")
    assert promised in sentences[0]
    assert seen in sentences[0]


def test_what_is_said_to_be_lost_must_be_lost() -> None:
    promises = {**PROMISES, "survives_api_kill": False}

    sentences = find_broken_promises(replace(GOOD, arrived_after_kill=Count(1, 8)), promises)

    assert len(sentences) == 1
    assert "survives_api_kill = false, so 0 of 8; seen 1 of 8" in sentences[0]


@pytest.mark.parametrize("promises", [{}, {**PROMISES, "survives_api_kill": "often"}])
def test_promise_that_is_missing_or_vague_is_a_broken_one(promises: dict[str, bool | str]) -> None:
    assert "does not say survives_api_kill" in find_broken_promises(GOOD, promises)[0]


def test_percentiles_are_measured_values() -> None:
    assert percentiles([3.0, 1.0, 2.0]) == Latency(2.0, 3.0)
    assert percentiles([float(value) for value in range(1, 201)]) == Latency(100.0, 198.0)
    assert percentiles([]) == Latency(0.0, 0.0)


def test_lines_of_code_are_neither_blank_nor_comment_nor_docstring(tmp_path: Path) -> None:
    code = '"""Module\n\ndocstring."""\n\n# comment\nx = (\n    1,  # why\n)\n'
    (tmp_path / "a.py").write_text(code + 'def f() -> str:\n    """Doc."""\n    return "text"\n')
    (tmp_path / "README.md").write_text("x = 1\n")

    assert count_code_lines(tmp_path) == 5


def test_email_counts_only_if_it_was_delivered_exactly_once() -> None:
    right, faults = count_once(["one", "two", "none"], ["two", "one", "two", "other"])

    assert right == 1
    assert [re.findall(r"two|none|\d", fault) for fault in faults] == [["two", "2"], ["none", "0"]]


def test_report_with_another_total_is_found() -> None:
    page = FPDF()
    page.add_page()
    page.set_font("Helvetica")
    page.cell(text="Total 12,345.67")
    pdf = bytes(page.output())

    assert find_report_fault(pdf, Decimal("12345.67")) is None
    assert "12,345.68" in str(find_report_fault(pdf, Decimal("12345.68")))
    assert "does not open" in str(find_report_fault(b"%PDF-1.7 torn", Decimal(1)))


def test_picture_that_is_torn_or_of_another_size_is_found() -> None:
    buffer = BytesIO()
    Image.effect_noise((64, 48), 50).save(buffer, "JPEG")
    picture = buffer.getvalue()

    assert find_picture_fault(picture, (64, 48)) is None
    assert "64x48" in str(find_picture_fault(picture, (64, 49)))
    assert "does not open" in str(find_picture_fault(picture[: len(picture) // 2], (64, 48)))
    assert "does not open" in str(find_picture_fault(b"", (64, 48)))


def test_heartbeat_keeps_the_slowest_answer_and_counts_refusals(slow_server: str) -> None:
    with Heartbeat(f"{slow_server}/healthz") as heartbeat:
        time.sleep(0.8)  # what is measured is time: it must pass

    beats = heartbeat.beats
    assert beats.answers > 2
    assert beats.failures == 1
    assert 300 <= beats.worst_ms < 3000
